// Connections in a process of their own: each sends a text at once, or a byte of it now and then, and waits. It tells how many were
// opened, how many have ended, and what was said on those.
import { connect } from 'node:net'

const [port, count, dripMs, text] = process.argv.slice(2).map((each, at) => (at < 3 ? Number(each) : each))
/** So many at a time are opened: more would not fit into the server's backlog. */
const OPENING_MAX = 200
const STATUS_CHARS = 'HTTP/1.1 408'.length
const sockets = []
const said = {}
let openedCount = 0
let endedCount = 0
let isTelling = false

process.on('disconnect', () => process.exit())
for (let i = 0; i < Math.min(OPENING_MAX, count); i++) open()
if (dripMs > 0) setInterval(drip, dripMs)

function open() {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const each = { socket, at: 0, answer: '' }
  sockets.push(each)
  socket.setEncoding('latin1')
  socket.on('connect', () => {
    openedCount++
    if (dripMs === 0) socket.write(text, 'latin1')
    if (sockets.length < count) open()
    tell()
  })
  socket.on('data', (some) => {
    each.answer += some
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    endedCount++
    const status = each.answer.slice(0, STATUS_CHARS)
    said[status] = (said[status] ?? 0) + 1
    tell()
  })
}

function drip() {
  for (const each of sockets) if (each.socket.writable) each.socket.write(text[each.at++], 'latin1')
}

/** Of many at once, once. */
function tell() {
  if (isTelling) return
  isTelling = true
  setImmediate(() => {
    isTelling = false
    process.send({ opened: openedCount, ended: endedCount, said })
  })
}
