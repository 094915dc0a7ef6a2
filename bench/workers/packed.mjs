// Maps a packed batch into the memory of the batch before, and sends that back: nothing is allocated but the values.

import { parentPort } from 'node:worker_threads'
import { workOfThread } from '../work.mjs'

const HEADER_BYTES = 8
const { handler } = workOfThread()
let spare

parentPort.on('message', ({ memory, length }) => {
  spare ??= new ArrayBuffer(memory.byteLength)
  map(memory, spare, length)
  const result = spare
  spare = memory
  parentPort.postMessage({ memory: result, length }, [result])
})

function map(from, to, length) {
  const bytes = new Uint8Array(to)
  const fromWords = new Int32Array(from)
  const toWords = new Int32Array(to)
  let at = 0
  let toAt = 0
  for (let i = 0; i < length; i++) {
    const id = fromWords[at >> 2]
    const valueBytes = fromWords[(at >> 2) + 1]
    const value = handler({ id, value: new Uint8Array(from, at + HEADER_BYTES, valueBytes) })
    toWords[toAt >> 2] = id
    toWords[(toAt >> 2) + 1] = value.length
    bytes.set(value, toAt + HEADER_BYTES)
    at += HEADER_BYTES + ((valueBytes + 3) & ~3)
    toAt += HEADER_BYTES + ((value.length + 3) & ~3)
  }
}
