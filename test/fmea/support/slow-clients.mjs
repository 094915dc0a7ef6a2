// Connections in a process of their own that send something, and then hardly anything. It is told by messages what to do, and tells
// how many connections are open, how many have ended, and what was said on those.
import { connect } from 'node:net'

const [port, count] = process.argv.slice(2).map(Number)
/** So many at a time are opened: more than that would not fit into the server's backlog. */
const OPENING_MAX = 200
const sockets = []
const said = {}
let openedCount = 0
let endedCount = 0

for (let i = 0; i < Math.min(OPENING_MAX, count); i++) open()

process.on('message', (text) => {
  for (const socket of sockets) if (socket.writable) socket.write(text, 'latin1')
})
process.on('disconnect', () => process.exit())

function open() {
  let text = ''
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  sockets.push(socket)
  socket.setEncoding('latin1')
  socket.on('connect', () => {
    openedCount++
    if (sockets.length < count) open()
    tell()
  })
  socket.on('data', (some) => {
    text += some
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    endedCount++
    const first = text.slice(0, 'HTTP/1.1 408'.length)
    said[first] = (said[first] ?? 0) + 1
    tell()
  })
}

/** Of many at once, once. */
let isTelling = false
function tell() {
  if (isTelling) return
  isTelling = true
  setImmediate(() => {
    isTelling = false
    process.send({ opened: openedCount, ended: endedCount, said })
  })
}
