// A source that keeps the contract in the plainest way: the reference that the broken ones are bent from.
// It uses its record objects and their bytes again, as sources may.

import type { Value } from '../../src/kernel/codec.js'
import type { Source, SourceContext, SourceNack, SourceRecord } from '../../src/sources/source.js'
import type { MadeSource } from '../../src/testing/index.js'

export type Kind = {
  ordered?: boolean
  /** After the last record read waits, until there is a nack, an abort or the close. */
  endless?: boolean
  values?: readonly Value[]
  partitions?: number
}

/** What a broken source is bent from: its honest calls, and what it knows. */
export type Honest = Required<Pick<Source, 'open' | 'read' | 'ack' | 'nack' | 'pending'>> & {
  owed: Owed[]
  signal(): AbortSignal
}

type Owed = { index: number; dueMs: number }

export const VALUES: readonly Value[] = Array.from({ length: 60 }, (_, i) => valueAt(i))

/** Makes a source of a list of values. */
export function memorySource(kind: Kind = {}, bend?: (honest: Honest) => Partial<Source>): MadeSource {
  const { ordered = true, endless = false, values = VALUES, partitions = 1 } = kind
  const memory = new MemorySource(values, partitions, endless)
  const honest: Honest = {
    open: (context) => memory.open(context),
    read: (max) => memory.read(max),
    ack: () => undefined,
    nack: (nacks) => memory.nack(nacks),
    pending: () => memory.pending(),
    owed: memory.owed,
    signal: () => memory.signal,
  }
  const source: Source = {
    ordered,
    ...(!endless && { total: values.length }),
    open: honest.open,
    read: honest.read,
    ack: honest.ack,
    nack: honest.nack,
    pending: honest.pending,
    partitions: () => Array.from({ length: partitions }, (_, i) => i),
    close: () => memory.wake(),
    ...bend?.(honest),
  }
  return { source, expected: values }
}

/** Text, bytes, and now and then nothing. */
function valueAt(i: number): Value {
  if (i % 20 === 7) return null
  if (i % 20 === 11) return ''
  return i % 2 === 0 ? `value-${i}` : Buffer.from([i, 0, 255, 10])
}

class MemorySource {
  readonly owed: Owed[] = []
  signal: AbortSignal = AbortSignal.abort()
  private readonly values: readonly Value[]
  private readonly partitions: number
  private readonly endless: boolean
  private readonly records: SourceRecord[] = []
  private next = 0
  private woken = (): void => undefined

  constructor(values: readonly Value[], partitions: number, endless: boolean) {
    this.values = values
    this.partitions = partitions
    this.endless = endless
  }

  open({ signal, resume }: SourceContext): void {
    this.signal = signal
    signal.addEventListener('abort', () => this.wake())
    if (resume) this.next = this.indexOf(resume)
  }

  async read(max: number): Promise<SourceRecord[] | null> {
    const indexes: number[] = []
    while (indexes.length < max) {
      const index = this.takeIndex()
      if (index === undefined) break
      indexes.push(index)
    }
    if (indexes.length > 0) return indexes.map((index, i) => this.filled(i, index))
    if (this.owed.length === 0 && !this.endless) return null
    if (this.signal.aborted) return []
    await this.somethingDue()
    return []
  }

  nack(nacks: readonly SourceNack[]): void {
    for (const nack of nacks) {
      this.owed.push({ index: this.indexOf(nack), dueMs: performance.now() + nack.delayMs })
    }
    this.wake()
  }

  pending(): number {
    return this.values.length - this.next + this.owed.length
  }

  wake(): void {
    this.woken()
  }

  private takeIndex(): number | undefined {
    const due = this.owed.findIndex(({ dueMs }) => dueMs <= performance.now())
    if (due >= 0) return this.owed.splice(due, 1)[0].index
    return this.next < this.values.length ? this.next++ : undefined
  }

  private filled(i: number, index: number): SourceRecord {
    this.records[i] ??= { value: null }
    const value = this.values[index]
    const offset = BigInt(Math.floor(index / this.partitions) * 10)
    return Object.assign(this.records[i], { partition: index % this.partitions, offset, value })
  }

  private indexOf({ partition, offset }: { partition: number; offset: bigint }): number {
    return (Number(offset) / 10) * this.partitions + partition
  }

  private somethingDue(): Promise<void> {
    return new Promise((resolve) => {
      const nextMs = Math.min(...this.owed.map(({ dueMs }) => dueMs))
      const timer = nextMs === Infinity ? undefined : setTimeout(resolve, nextMs - performance.now())
      this.woken = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
