// Clients of one class, in a process of their own: each sends a request, waits for the answer, and sends the next. Told a number,
// they go on until so many were answered 200; then it tells how many others were answered while each of those waited. Told 0, they
// stop.
import { Agent, request } from 'node:http'

const [port, className, clients] = process.argv.slice(2)
const agent = new Agent({ keepAlive: true })
const idle = Array.from({ length: Number(clients) }, (_, client) => client)
let wanted = 0
let waits = []

process.on('message', (count) => {
  waits = []
  wanted = count
  for (const client of idle.splice(0)) ask(client)
})
process.on('disconnect', () => process.exit())

function ask(client) {
  if (waits.length >= wanted) {
    idle.push(client)
    return
  }
  const headers = { 'x-class': className, 'x-client': `${process.pid} ${client}` }
  const options = { port, host: '127.0.0.1', agent, method: 'POST', path: '/v1/process/sync', headers }
  const sent = request(options, (response) => {
    response.resume()
    response.on('end', () => {
      if (response.statusCode === 200) take(Number(response.headers['x-behind']))
      // Who is refused comes again at once: that is a flood.
      ask(client)
    })
  })
  sent.on('error', () => setTimeout(ask, 10, client))
  sent.end(className)
}

function take(behind) {
  if (waits.push(behind) !== wanted) return
  const sorted = waits.sort((a, b) => a - b)
  const quantile = (q) => sorted[Math.floor(sorted.length * q)]
  process.send({ p50: quantile(0.5), p99: quantile(0.99) })
}
