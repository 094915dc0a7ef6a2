// A server that takes lines and writes them to a ledger: the outside of a sink, in a process of its own, so that it can be
// killed, stopped and continued. Usage: node collector.mjs <port> <ledger> <life>. Prints its port.
// For each line, in their order, it answers one byte when the line is in the ledger.

import { createServer } from 'node:net'
import { eventText, Ledger } from './ledger.mjs'

const [port, path, life] = process.argv.slice(2)
const ledger = new Ledger(path, Number(life))

const server = createServer((socket) => {
  let rest = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('data', (some) => {
    const bytes = rest.length === 0 ? some : Buffer.concat([rest, some])
    const end = bytes.lastIndexOf(10) + 1
    rest = bytes.subarray(end)
    if (end === 0) return
    const text = bytes.toString('utf8', 0, end)
    ledger.append(eventText('at') + text)
    socket.write(Buffer.alloc(text.split('\n').length - 1, '.'))
  })
})
server.listen(Number(port), '127.0.0.1', () => console.log(server.address().port))
