// Readable → Transform → Writable of node:stream, in object mode, on one thread.

import { Readable, Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

export async function run({ work, origin, meter }) {
  const { handler } = work
  const source = new Readable({
    objectMode: true,
    read() {
      while (this.push(origin.read()) && !origin.done) {}
    },
  })
  const map = new Transform({
    objectMode: true,
    transform(message, _encoding, callback) {
      callback(null, { id: message.id, value: handler(message) })
    },
  })
  const sink = new Writable({
    objectMode: true,
    write(output, _encoding, callback) {
      meter.take(output.value)
      origin.ack(output.id)
      callback()
    },
  })
  await pipeline(source, map, sink)
}
