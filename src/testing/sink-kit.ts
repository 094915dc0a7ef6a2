// What a case does with a sink: makes it, writes to it under a deadline, remembers what it was told, and ends it.

import { createLog } from '../kernel/log.js'
import type { Message } from '../kernel/message.js'
import type { Sink, SinkContext } from '../sinks/sink.js'
import type { Accepted, Written } from './accepted.js'
import { type Answers, readAnswers } from './answers.js'
import { type MessageSpec, TestBatch } from './batch.js'
import { breach, described, listed } from './breach.js'
import { start, within } from './deadline.js'
import type { MadeSink, MakeSink, SinkContractOptions } from './sink-options.js'

export const WRITE_IN_TIME = 'write answers in time'
export const OPENS = 'open resolves'
export const CLOSES = 'close resolves'

const WRITE_TIMEOUT_MS = 30_000
const BATCH_MAX = 500

/** The sinks of one case. */
export class SinkKit {
  readonly options: SinkContractOptions
  private readonly make: MakeSink
  private readonly opened: LiveSink[] = []

  constructor(make: MakeSink, options: SinkContractOptions) {
    this.make = make
    this.options = options
  }

  /** Makes a sink and opens it. */
  async open(): Promise<LiveSink> {
    const made = await this.make()
    const live = new LiveSink('write' in made ? { sink: made } : made, this.options)
    this.opened.push(live)
    await live.open()
    return live
  }

  /** Gives `count` ordinary messages, numbered from `from`, all different. */
  plain(
    count: number,
    from = 1,
    keyOf: (n: number) => readonly string[] = (n) => [`key-${n}`],
  ): MessageSpec[] {
    const { value: valueAt = (n: number) => `value-${n}`, role } = this.options
    return Array.from({ length: count }, (_, i) => {
      const n = from + i
      return {
        id: `m-${n}`,
        value: valueAt(n),
        keys: keyOf(n),
        partition: 0,
        offset: n,
        eventTime: 1_700_000_000_000 + n,
        ...(role === 'fallback' && { reason: 'attempts exhausted' }),
      }
    })
  }

  /** Closes what a case left open, and cleans up. A close that fails here has a case of its own to tell of it. */
  async end(): Promise<void> {
    for (const live of this.opened) await live.close().catch(() => undefined)
    for (const live of this.opened) await live.made.cleanup?.()
  }
}

/** One open sink, with a record of all that was written to it. */
export class LiveSink {
  readonly made: MadeSink
  readonly sink: Sink
  readonly batchMax: number
  /** Every message of every write, in order, with what was answered. */
  readonly written: Written[] = []
  readonly timeoutMs: number
  private readonly role: SinkContext['role']
  private closed = false

  constructor(made: MadeSink, options: SinkContractOptions) {
    this.made = made
    this.sink = made.sink
    this.role = options.role ?? 'sink'
    this.batchMax = made.sink.batchMax ?? BATCH_MAX
    // A sink may wait for its reader for as long as it likes; a suite may not.
    const { writeTimeoutMs = WRITE_TIMEOUT_MS } = made.sink
    this.timeoutMs = options.timeoutMs ?? Math.min(writeTimeoutMs, WRITE_TIMEOUT_MS)
  }

  async open(): Promise<void> {
    const log = createLog(() => undefined, 'sink', 'test')
    await this.call(OPENS, () => this.sink.open?.({ log, role: this.role }))
  }

  /** Writes a batch and sorts the answers; throws only where none comes in time. */
  async write(batch: TestBatch, messages: readonly Message[] = batch.messages): Promise<Answers> {
    const answers = await within(this.attempt(batch, messages), this.timeoutMs, () => {
      const what = `no answer to the batch of ${listed(batch.ids)} after ${this.timeoutMs} ms`
      return breach(
        WRITE_IN_TIME,
        what,
        'an answer within writeTimeoutMs: failure(id, error) where the writing takes longer',
      )
    })
    this.remember(batch, answers)
    return answers
  }

  /** Writes messages made of the specs. */
  async writeSpecs(specs: readonly MessageSpec[]): Promise<Answers> {
    return await this.write(new TestBatch(specs))
  }

  /** Closes the sink, once. */
  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    await this.call(CLOSES, () => this.sink.close?.())
  }

  /** Gives what is really there, or undefined where the maker cannot tell. */
  async accepted(): Promise<Accepted | undefined> {
    return await this.made.accepted?.()
  }

  private async attempt(batch: TestBatch, messages: readonly Message[]): Promise<Answers> {
    try {
      // A copy: what a sink does to the list itself is no business of the next case.
      return readAnswers(batch.ids, await this.sink.write(messages.slice()))
    } catch (error) {
      return readAnswers(batch.ids, undefined, { error })
    }
  }

  private async call(rule: string, work: () => unknown): Promise<void> {
    const wanted = `no throw, and an end within ${this.timeoutMs} ms`
    const done = start(work).catch((error) => breach(rule, `it threw ${described(error)}`, wanted))
    await within(done, this.timeoutMs, () => breach(rule, `it had not after ${this.timeoutMs} ms`, wanted))
  }

  private remember(batch: TestBatch, { byId }: Answers): void {
    for (const [i, { value, keys }] of batch.specs.entries()) {
      const id = batch.ids[i]
      const lane = JSON.stringify(keys ?? [])
      this.written.push({
        id,
        value: batch.values[i],
        tombstone: value === null,
        lane,
        outcome: byId.get(id)?.outcome,
      })
    }
  }
}
