// Frames of HTTP/2, written and read by hand: for what no proper client sends.

import { constants } from 'node:http2'
import type { TLSSocket } from 'node:tls'

export const TYPE = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, continuation: 9 }
export const FLAG = { ack: 1, endStream: 1, endHeaders: 4 }
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

export type Frame = { type: number; flags: number; stream: number; payload: Buffer }

export function frame(type: number, flags = 0, stream = 0, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** A list of headers as a block: each literal, and none remembered. Names and values in turn. */
export function block(...list: string[]): Buffer {
  const parts: Buffer[] = []
  for (let i = 0; i < list.length; i += 2) parts.push(Buffer.from([0]), text(list[i]), text(list[i + 1]))
  return Buffer.concat(parts)
}

/** The names that each request has. */
export const requestBlock = (...more: string[]) =>
  block(':method', 'GET', ':scheme', 'https', ':authority', 'a', ':path', '/', ...more)

export const reset = (stream: number, code = constants.NGHTTP2_CANCEL) =>
  frame(TYPE.reset, 0, stream, Buffer.from([0, 0, 0, code]))

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  const prefix: number[] = [Math.min(bytes.length, 127)]
  if (bytes.length >= 127) {
    let rest = bytes.length - 127
    for (; rest >= 128; rest >>= 7) prefix.push((rest & 127) | 128)
    prefix.push(rest)
  }
  return Buffer.concat([Buffer.from(prefix), bytes])
}

/** Keeps the frames that come on a connection. */
export function framesOf(socket: TLSSocket): Frame[] {
  const frames: Frame[] = []
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3)
      frames.push({
        type: rest[3],
        flags: rest[4],
        stream: rest.readUInt32BE(5),
        payload: rest.subarray(9, end),
      })
      rest = rest.subarray(end)
    }
  })
  return frames
}
