// How fast a sink takes messages, by itself: no mailboxes, no threads, no retry.

import { readAnswers, requireSound } from './answers.js'
import { TestBatch } from './batch.js'
import { type BenchResult, Stopwatch } from './bench-result.js'
import { breach, counted, listed } from './breach.js'
import { notWritten } from './sink-case.js'
import { type LiveSink, SinkKit, WRITE_IN_TIME } from './sink-kit.js'
import type { MakeSink } from './sink-options.js'

export type BenchSinkOptions = {
  /** How many messages to write. Default 100,000. */
  messages?: number
  /** Bytes of each value. Default 128. */
  sizeBytes?: number
  /** Messages in one write, at most the sink's `batchMax`. Default 500. */
  batch?: number
  /** The most that one write may take, in ms. Default: the sink's `writeTimeoutMs`, at most 30,000. */
  timeoutMs?: number
}

const RULE = 'a bench measures what is written'

/**
 * Measures a sink: writes messages in batches, as many at once as its `concurrency`, and gives the rate and the time that one
 * write takes. Rejects with an AssertionError where an answer breaks the contract, or a message is not written (ok, serve or
 * onSuccess). Message objects are made, and answers checked, off the clock. `open` and `close` are not timed;
 * nothing is written to warm up, so give it messages enough.
 */
export async function benchSink(make: MakeSink, options: BenchSinkOptions = {}): Promise<BenchResult> {
  const { messages = 100_000, sizeBytes = 128, batch = 500, timeoutMs } = options
  const kit = new SinkKit(make, { ...NO_RUNNER, ...(timeoutMs !== undefined && { timeoutMs }) })
  try {
    const live = await kit.open()
    const size = Math.max(1, Math.min(batch, live.batchMax, messages))
    const lanes = Array.from({ length: live.sink.concurrency ?? 1 }, () => batchOf(size, sizeBytes))
    const result = await measure(live, lanes, messages)
    await live.close()
    return result
  } finally {
    await kit.end()
  }
}

const NO_RUNNER = { describe: () => undefined, it: () => undefined }

function batchOf(size: number, sizeBytes: number): TestBatch {
  const value = Buffer.alloc(sizeBytes, 'abcdefghijklmnopqrstuvwxyz')
  return new TestBatch(
    Array.from({ length: size }, (_, i) => ({ id: `m-${i}`, value, keys: [`key-${i}`], offset: i })),
  )
}

async function measure(live: LiveSink, lanes: readonly TestBatch[], messages: number): Promise<BenchResult> {
  const watch = new Stopwatch()
  let left = messages
  const take = (most: number) => {
    const count = Math.min(most, left)
    left -= count
    return count
  }
  await Promise.all(lanes.map((batch) => runLane(live, batch, watch, take)))
  return watch.result(messages)
}

async function runLane(
  live: LiveSink,
  batch: TestBatch,
  watch: Stopwatch,
  take: (most: number) => number,
): Promise<void> {
  for (;;) {
    const count = take(batch.ids.length)
    if (count === 0) return
    const messages = watch.aside(() => batch.again().slice(0, count))
    const result = await watch.time<unknown>(
      () => live.sink.write(messages),
      live.timeoutMs,
      () => writeLate(live, count),
    )
    watch.aside(() => requireWritten(batch.ids.slice(0, count), result))
  }
}

function writeLate({ timeoutMs }: LiveSink, count: number): never {
  const what = `no answer to a batch of ${counted(count, 'message')} after ${timeoutMs} ms`
  return breach(WRITE_IN_TIME, what, 'an answer within writeTimeoutMs')
}

function requireWritten(ids: readonly string[], result: unknown): void {
  const answers = readAnswers(ids, result)
  requireSound(answers)
  const left = notWritten(answers)
  if (left.length === 0) return
  const outcome = answers.byId.get(left[0])?.outcome
  breach(RULE, `${outcome} was answered for ${listed(left)}`, 'ok, serve or onSuccess for every message')
}
