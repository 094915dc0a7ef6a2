// Asks a broker for its metadata (request 3, version 4), as a client does first of all: who gets an answer may begin.

import { once } from 'node:events'
import { connect } from 'node:net'

const TIMEOUT_MS = 2_000
const METADATA = 3
const VERSION = 4

/** Tells whether the broker at this port answers, and knows a live broker. */
export async function answers(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port })
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy())
  try {
    await once(socket, 'connect')
    socket.write(request())
    let bytes = Buffer.alloc(0)
    for await (const chunk of socket) {
      bytes = Buffer.concat([bytes, chunk as Buffer])
      // Length, correlation id, throttle time, number of brokers.
      if (bytes.length >= 16) return bytes.readInt32BE(12) >= 1
    }
    return false
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

function request(): Buffer {
  const client = Buffer.from('test')
  const body = Buffer.alloc(19 + client.length)
  body.writeInt32BE(body.length - 4, 0)
  body.writeInt16BE(METADATA, 4)
  body.writeInt16BE(VERSION, 6)
  body.writeInt32BE(1, 8)
  body.writeInt16BE(client.length, 12)
  client.copy(body, 14)
  // An empty list of topics; a last byte says that none is to be created.
  return body
}
