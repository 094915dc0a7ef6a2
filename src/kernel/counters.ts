// Counters in shared memory: an actor adds, the main thread reads whenever it likes.
// Plain stores: a reader may see a count of a moment ago, never a torn one, as each double has one writer.
// What must be true together, the account of the roots (R2), is written to slots in turn: the newest stays whole for a while.

import { HISTOGRAM_BYTES, Histogram } from './histogram.js'

export const COUNTERS = [
  'read',
  'readBytes',
  'readBatch',
  'acked',
  'nacked',
  'refused',
  'abandoned',
  'inFlight',
  'reading',
  'telling',
  'calls',
  'forwarded',
  'filtered',
  'dropped',
  'cancelled',
  'degraded',
  'degradedSince',
  'failed',
  'retried',
  'held',
  'written',
  'batches',
  'fallback',
  'onSuccess',
  'late',
  'breaches',
  'poisoned',
  'failingSince',
  'stale',
  'pending',
  'total',
] as const

export type CounterName = (typeof COUNTERS)[number]

/** Those that say how it stands, and not how often something has happened. */
export const GAUGES: readonly CounterName[] = [
  'readBatch',
  'inFlight',
  'reading',
  'telling',
  'degradedSince',
  'failingSince',
  'pending',
  'total',
]

/** What is timed: read to ack, a read and an ack or nack of the source, a call of a handler, a write of a sink. */
export const TIMES = ['processing', 'read', 'ack', 'call', 'write'] as const
export type TimeName = (typeof TIMES)[number]

/** read = acked + nacked + inFlight + abandoned, in each account that is read. */
export type RootAccount = { read: number; acked: number; nacked: number; inFlight: number; abandoned: number }
const ACCOUNT = ['read', 'acked', 'nacked', 'inFlight', 'abandoned'] as const

const INDEX = Object.fromEntries(COUNTERS.map((name, i) => [name, i])) as Record<CounterName, number>

// Counters, the number of the account that counts, its slots, histograms.
/** A power of two: a reader has the time of so many writes, less two. */
const SLOTS = 16
const ACCOUNT_NUMBER_BYTE = COUNTERS.length * 8
const ACCOUNT_BYTE = ACCOUNT_NUMBER_BYTE + 8
const HISTOGRAMS_BYTE = ACCOUNT_BYTE + SLOTS * ACCOUNT.length * 8
/** So often is an account tried to be read. */
const TRIES = 1000

export function createCountersMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(HISTOGRAMS_BYTE + TIMES.length * HISTOGRAM_BYTES)
}

export class Counters {
  readonly times: Readonly<Record<TimeName, Histogram>>
  private readonly doubles: Float64Array
  private readonly accountNumber: Int32Array
  private readonly accounts: Float64Array

  constructor(memory: SharedArrayBuffer) {
    this.doubles = new Float64Array(memory, 0, COUNTERS.length)
    this.accountNumber = new Int32Array(memory, ACCOUNT_NUMBER_BYTE, 1)
    this.accounts = new Float64Array(memory, ACCOUNT_BYTE, SLOTS * ACCOUNT.length)
    this.times = Object.fromEntries(
      TIMES.map((name, i) => [name, new Histogram(memory, HISTOGRAMS_BYTE + i * HISTOGRAM_BYTES)]),
    ) as Record<TimeName, Histogram>
  }

  add(name: CounterName, count = 1): void {
    this.doubles[INDEX[name]] += count
  }

  set(name: CounterName, value: number): void {
    this.doubles[INDEX[name]] = value
  }

  get(name: CounterName): number {
    return this.doubles[INDEX[name]]
  }

  /** Sets all counts of roots, as a whole. */
  setRoots(read: number, acked: number, nacked: number, inFlight: number, abandoned: number): void {
    const { accounts, accountNumber, doubles } = this
    doubles[INDEX.read] = read
    doubles[INDEX.acked] = acked
    doubles[INDEX.nacked] = nacked
    doubles[INDEX.inFlight] = inFlight
    doubles[INDEX.abandoned] = abandoned
    const number = (accountNumber[0] + 1) | 0
    const at = (number & (SLOTS - 1)) * ACCOUNT.length
    accounts[at] = read
    accounts[at + 1] = acked
    accounts[at + 2] = nacked
    accounts[at + 3] = inFlight
    accounts[at + 4] = abandoned
    // For whoever reads: from here on this slot counts.
    Atomics.store(accountNumber, 0, number)
  }

  /** Gives all counts of roots as they were at one moment; undefined where they change too fast, which is as good as never. */
  roots(): RootAccount | undefined {
    const { accounts, accountNumber } = this
    for (let i = 0; i < TRIES; i++) {
      const number = Atomics.load(accountNumber, 0)
      const at = (number & (SLOTS - 1)) * ACCOUNT.length
      // One by one: a list of them would take longer than its writer needs.
      const read = accounts[at]
      const acked = accounts[at + 1]
      const nacked = accounts[at + 2]
      const inFlight = accounts[at + 3]
      const abandoned = accounts[at + 4]
      // The slot is written again only after all the others count.
      if (((Atomics.load(accountNumber, 0) - number) | 0) < SLOTS - 1)
        return { read, acked, nacked, inFlight, abandoned }
    }
    return undefined
  }

  /** All counts that are not zero. */
  snapshot(): Record<string, number> {
    return Object.fromEntries(
      COUNTERS.map((name) => [name, this.get(name)]).filter(([, count]) => count !== 0),
    )
  }
}
