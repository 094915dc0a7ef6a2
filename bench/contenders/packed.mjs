// The best that a user could write by hand over postMessage: 500 messages packed into one ArrayBuffer, which is
// transferred to a worker and back, and filled again. A message is its id and length (two int32), then its bytes.
// Source and sink give and take messages, as everywhere: one that wrote straight into the batch would be faster still.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

const BATCH = 500
const IN_FLIGHT_PER_WORKER = 8
const HEADER_BYTES = 8

export async function run({ work, origin, meter, workers }) {
  const slotBytes = HEADER_BYTES + Math.ceil(work.sizeBytes / 4) * 4
  const threads = Array.from({ length: workers }, () => {
    return new Worker(new URL('../workers/packed.mjs', import.meta.url))
  })
  await Promise.all(threads.map((thread) => once(thread, 'online')))
  await new Promise((resolve, reject) => {
    for (const thread of threads) {
      thread.on('error', reject)
      thread.on('message', ({ memory, length }) => {
        unpack(memory, length, meter, origin)
        if (origin.done) resolve()
        else send(thread, memory)
      })
    }
    for (let i = 0; i < IN_FLIGHT_PER_WORKER; i++) {
      for (const thread of threads) send(thread, new ArrayBuffer(BATCH * slotBytes))
    }
  })
  await Promise.all(threads.map((thread) => thread.terminate()))

  function send(thread, memory) {
    const length = pack(memory, origin)
    if (length > 0) thread.postMessage({ memory, length }, [memory])
  }
}

/** Fills the memory with the next messages; says how many. */
function pack(memory, origin) {
  const bytes = new Uint8Array(memory)
  const words = new Int32Array(memory)
  let at = 0
  let length = 0
  for (; length < BATCH; length++) {
    const message = origin.read()
    if (message === null) break
    const { value } = message
    words[at >> 2] = message.id
    words[(at >> 2) + 1] = value.length
    bytes.set(value, at + HEADER_BYTES)
    at += HEADER_BYTES + ((value.length + 3) & ~3)
  }
  return length
}

/** Writes the results to the sink, and acknowledges them. */
function unpack(memory, length, meter, origin) {
  const words = new Int32Array(memory)
  let at = 0
  for (let i = 0; i < length; i++) {
    const valueBytes = words[(at >> 2) + 1]
    meter.take(new Uint8Array(memory, at + HEADER_BYTES, valueBytes))
    origin.ack(words[at >> 2])
    at += HEADER_BYTES + ((valueBytes + 3) & ~3)
  }
}
