// Result stores: how many requests a second are accepted, and finished, with 1, 64 and 512 of them in flight.
// Prints a table of medians. node bench/results.mjs [--rounds 5] [--ms 1000] [--bytes 1024]

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { lmdbResults, memoryResults } from 'millrace'

const IN_FLIGHT = [1, 64, 512]
/** The most there is; half of it is for requests. */
const STORE_BYTES = 256 * 1024 * 1024
const ENTRY_BYTES = 300
const WARM_SHARE = 0.2

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '1000' },
    bytes: { type: 'string', default: '1024' },
  },
})
const [rounds, ms, bytes] = [values.rounds, values.ms, values.bytes].map(Number)
const log = { warn: console.error, error: console.error }

const STORES = {
  memory: () => memoryResults({ bytes: STORE_BYTES }),
  lmdb: (path) => lmdbResults({ path, bytes: STORE_BYTES }),
}

/** Keeps so many calls in flight, for a time or until so many were made; gives calls per second and the times of each call, sorted. */
async function load(inFlight, forMs, most, call) {
  const times = []
  let begun = 0
  const begunMs = performance.now()
  const worker = async () => {
    for (;;) {
      const atMs = performance.now()
      if (atMs - begunMs >= forMs || begun++ >= most) return
      await call()
      times.push(performance.now() - atMs)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  const seconds = (performance.now() - begunMs) / 1000
  return { perSecond: times.length / seconds, times: times.toSorted((a, b) => a - b) }
}

/** One sample: accepts, then the finishes of what was accepted. Throws where an answer is wrong. */
async function sample(make, inFlight) {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-results-'))
  const store = make(directory)
  try {
    await store.open({ log })
    const payload = Buffer.alloc(bytes, 'x')
    let next = 0
    const accept = async () => {
      const outcome = await store.accept(`id-${next++}`, payload)
      if (outcome !== 'accepted') throw new Error(`accept gave ${outcome} after ${next} requests`)
    }
    const room = Math.floor(STORE_BYTES / 2 / (bytes + ENTRY_BYTES))
    await load(inFlight, ms * WARM_SHARE, room * WARM_SHARE, accept)
    const accepted = await load(inFlight, ms, room - next - inFlight, accept)
    let finished = 0
    const finish = () => store.finish(`id-${finished++}`, payload)
    const finishing = await load(inFlight, ms, next - inFlight, finish)
    const left = store.stats().accepted
    if (left !== next - finished) throw new Error(`${left} are accepted, wanted ${next - finished}`)
    return { accept: accepted, finish: finishing }
  } finally {
    await store.close()
    rmSync(directory, { recursive: true })
  }
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
}

function row(name, inFlight, call, samples) {
  const at = (share) => median(samples.map(({ times }) => times[Math.floor(times.length * share)]))
  return {
    store: name,
    'in flight': inFlight,
    call,
    'per second': Math.round(median(samples.map(({ perSecond }) => perSecond))).toLocaleString('en-US'),
    'p50 ms': at(0.5).toFixed(3),
    'p99 ms': at(0.99).toFixed(3),
  }
}

const rows = []
for (const [name, make] of Object.entries(STORES)) {
  for (const inFlight of IN_FLIGHT) {
    const samples = []
    for (let round = 0; round < rounds; round++) samples.push(await sample(make, inFlight))
    for (const call of ['accept', 'finish'])
      rows.push(
        row(
          name,
          inFlight,
          call,
          samples.map((each) => each[call]),
        ),
      )
  }
}
console.info(`${bytes} B, medians of ${rounds} rounds of ${ms} ms`)
console.table(rows)
