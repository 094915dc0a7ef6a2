// Heap growth: what a thread holds after a collection, early and late in a run. Each thread leaves its two samples in a
// file; it needs --expose-gc. Seen are the threads that run the bench's own code: of a topology, mappers and sink.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { threadId } from 'node:worker_threads'

/** The watch of this thread, or undefined where the run is not about the heap. */
export function heapWatch(path = process.env.MILLRACE_BENCH_HEAP) {
  if (path === undefined) return undefined
  return {
    /** For a Meter: called at the first and the last mark. */
    sink: recorder(path, 'sink'),
    /** Wraps a handler: takes a sample after 30 % of the messages that the thread will see, and from then on at each 15 %. */
    map(handler, expected) {
      const record = recorder(path, 'map')
      const every = Math.ceil(expected * 0.15)
      let seen = 0
      return (message) => {
        if (++seen % every === 0 && seen > every) record(seen)
        return handler(message)
      }
    },
  }
}

/** Bytes that were added for each message of the run, over all the threads that left samples. */
export function heapGrowth(path) {
  const files = readdirSync(dirname(path)).filter((file) => file.startsWith(`${basename(path)}.`))
  const samples = files.map((file) => JSON.parse(readFileSync(join(dirname(path), file), 'utf8')))
  const mappers = samples.filter(({ role }) => role === 'map').length
  return samples.reduce((sum, { role, from, to }) => {
    if (to === undefined) return sum
    const growth = (to.bytes - from.bytes) / (to.seen - from.seen)
    return sum + (role === 'map' ? growth / mappers : growth)
  }, 0)
}

function recorder(path, role) {
  let from
  return (seen) => {
    globalThis.gc()
    globalThis.gc() // the first one leaves the memory of buffers to be swept later
    const { heapUsed, external } = process.memoryUsage()
    const sample = { seen, bytes: heapUsed + external }
    writeFileSync(
      `${path}.${role}-${threadId}`,
      JSON.stringify({ role, from: from ?? sample, to: from && sample }),
    )
    from ??= sample
  }
}
