// A source that can be read again: a numbered list of records. What is nacked comes again; after a reader's death it goes on where it is told.

import type { Clock, Random } from '../../kernel/clock.js'
import type { Source, SourceContext, SourceNack, SourceRecord } from '../../sources/source.js'

export type ScriptedSourceOptions = {
  count: number
  /** It gives every `step`-th record, from the one with the number `first` on. Default: all. */
  first?: number
  step?: number
  recordOf: (number: number) => SourceRecord
  /** The most records at once. */
  burst: number
  /** Chance that a call answers by a promise. */
  asyncRate: number
  /** True where somebody may cancel its records for it. */
  cancels?: boolean
  random: Random
  clock: Clock
}

export class ScriptedSource implements Source {
  readonly ordered = true
  readonly cancels: boolean
  private readonly options: ScriptedSourceOptions
  private next = 0
  private again: { number: number; dueMs: number }[] = []

  constructor(options: ScriptedSourceOptions) {
    this.options = options
    this.cancels = options.cancels ?? false
  }

  open({ resume }: Pick<SourceContext, 'resume'>): void {
    const { first = 0, step = 1 } = this.options
    // Where all that was read is done, the position is the one behind it.
    const behind = resume === undefined ? first : Number(resume.offset)
    this.next = first + Math.ceil((behind - first) / step) * step
    this.again = []
  }

  read(max: number): readonly SourceRecord[] | null | Promise<readonly SourceRecord[] | null> {
    const { random, asyncRate } = this.options
    const records = this.take(max)
    return random() < asyncRate ? Promise.resolve(records) : records
  }

  ack(): void | Promise<void> {
    const { random, asyncRate } = this.options
    return random() < asyncRate ? Promise.resolve() : undefined
  }

  nack(nacks: readonly SourceNack[]): void {
    const nowMs = this.options.clock.now()
    for (const { offset, delayMs } of nacks)
      this.again.push({ number: Number(offset), dueMs: nowMs + delayMs })
  }

  private take(max: number): readonly SourceRecord[] | null {
    const { count, recordOf, burst, random, clock, step = 1 } = this.options
    if (random() < 0.05) return []
    const size = Math.min(max, 1 + Math.floor(random() * burst))
    const nowMs = clock.now()
    const due = this.again.filter(({ dueMs }) => dueMs <= nowMs).slice(0, size)
    this.again = this.again.filter((each) => !due.includes(each))
    const numbers = due.map(({ number }) => number)
    for (; numbers.length < size && this.next < count; this.next += step) numbers.push(this.next)
    if (numbers.length === 0) return this.again.length === 0 ? null : []
    return numbers.map(recordOf)
  }
}
