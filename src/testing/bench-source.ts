// How fast a source gives records and takes acks, by itself: no mailboxes, no threads.

import type { SourcePosition, SourceRecord } from '../sources/source.js'
import { type BenchResult, called, Stopwatch } from './bench-result.js'
import { breach, counted, described } from './breach.js'
import { type LiveSource, Patience, READ_IN_TIME, READ_SHAPE, SourceKit } from './source-kit.js'
import type { MakeSource } from './source-options.js'

export type BenchSourceOptions = {
  /** How many records to read at most. Default 100,000. */
  messages?: number
  /** The `max` of each read. Default 500. */
  batch?: number
  /** How long a call may take, and `read` may give nothing, in ms. Default 10,000. */
  timeoutMs?: number
}

type Records = readonly SourceRecord[] | null

/**
 * Measures a source: reads up to `messages` records, or to the end, acks each batch, and gives the rate and the time that one
 * read takes. Rejects with an AssertionError where a read breaks the contract or an offset comes twice. Checks
 * are off the clock; waiting for records is on it. `open` and `close` are not
 * timed; nothing is read to warm up, so give it messages enough.
 */
export async function benchSource(make: MakeSource, options: BenchSourceOptions = {}): Promise<BenchResult> {
  const { messages = 100_000, batch = 500, timeoutMs } = options
  const kit = new SourceKit(make, { ...NO_RUNNER, ...(timeoutMs !== undefined && { timeoutMs }) })
  try {
    const live = await kit.open()
    const result = await measure(live, messages, batch)
    await live.close()
    return result
  } finally {
    await kit.end()
  }
}

const NO_RUNNER = { describe: () => undefined, it: () => undefined }

async function measure(live: LiveSource, messages: number, batch: number): Promise<BenchResult> {
  const { source, timeoutMs } = live
  const seen = new Map<number, Set<bigint>>()
  const watch = new Stopwatch()
  let patience = new Patience(timeoutMs)
  let count = 0
  const late = () => readLate(count, timeoutMs)
  while (count < messages) {
    const max = Math.min(batch, messages - count)
    const records = await watch.time<Records>(() => source.read(max), timeoutMs, late)
    if (records === null) break
    const acks = watch.aside(() => positionsOf(records, max, seen))
    await called<void>(() => source.ack?.(acks), timeoutMs, late)
    count += records.length
    if (records.length > 0) patience = new Patience(timeoutMs)
    else if (!(await patience.wait())) late()
  }
  return watch.result(count)
}

function readLate(count: number, timeoutMs: number): never {
  const what = `read or ack gave nothing for ${timeoutMs} ms, with ${counted(count, 'record')} read`
  return breach(READ_IN_TIME, what, 'records, or null at the end')
}

/** Checks a batch, and gives what to ack. */
function positionsOf(records: unknown, max: number, seen: Map<number, Set<bigint>>): SourcePosition[] {
  if (!Array.isArray(records))
    breach(READ_SHAPE, `read gave ${described(records)}`, 'a list of records, or null')
  if (records.length > max)
    breach(READ_SHAPE, `read(${max}) gave ${counted(records.length, 'record')}`, `at most ${max}`)
  return records.map(({ partition = 0, offset }: SourceRecord) => {
    if (offset === undefined) return { partition, offset: 0n }
    const position = { partition, offset: BigInt(offset) }
    const offsets = seen.get(partition) ?? new Set<bigint>()
    seen.set(partition, offsets)
    if (offsets.has(position.offset)) {
      const what = `partition ${partition} offset ${position.offset} came twice, and nothing was nacked`
      breach('no offset of a partition is given twice', what, 'an offset for each record')
    }
    offsets.add(position.offset)
    return position
  })
}
