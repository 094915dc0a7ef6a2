// A sink that sends each message's bytes as they lie in memory to the collector, and answers when the collector has answered.

import { connect } from 'node:net'
import { Response } from '../../../../../dist/index.js'

const LF = Buffer.from('\n')

/** @param {{ port: number }} options and those of a sink */
export function collectorSink({ port, ...more }) {
  /** The connection, or the promise of it. */
  let opening
  /** Writes that wait for their answers, in their order. */
  let waiting = []

  function lose(error) {
    const lost = waiting
    waiting = []
    opening = undefined
    for (const { reject } of lost) reject(error)
  }

  function answered(count) {
    for (let left = count; left > 0; ) {
      const [first] = waiting
      const taken = Math.min(left, first.missing)
      first.missing -= taken
      left -= taken
      if (first.missing === 0) waiting.shift().resolve()
    }
  }

  function open() {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(socket))
      socket.on('data', (bytes) => answered(bytes.length))
      socket.on('error', (error) => {
        reject(error)
        lose(error)
      })
      socket.on('close', () => lose(new Error('the collector has gone')))
    })
  }

  return {
    name: 'collector',
    ordered: true,
    async write(batch) {
      opening ??= open()
      const socket = await opening
      await new Promise((resolve, reject) => {
        waiting.push({ missing: batch.length, resolve, reject })
        socket.cork()
        for (const { value } of batch) {
          socket.write(value)
          socket.write(LF)
        }
        socket.uncork()
      })
      return batch.map(Response.ok)
    },
    async close() {
      const socket = await opening?.catch(() => undefined)
      socket?.destroy()
    },
    ...more,
  }
}
