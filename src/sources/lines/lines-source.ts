// The source behind `lines`: inputs one after another, and the nacked lines in between when they are due.
// It waits only where no input has anything now: for stdin, or for a line that is to be given again later.

import { systemClock } from '../../kernel/clock.js'
import { MillraceError } from '../../kernel/failure.js'
import type { LinesParts } from '../lines.js'
import type { SourceAck, SourceContext, SourceNack, SourcePosition, SourceRecord } from '../source.js'
import { createRecord } from '../support/record.js'
import { Redeliveries } from '../support/redeliveries.js'
import { Waiter } from '../support/waiter.js'
import type { Checkpoint } from './checkpoint.js'
import { FileInput } from './file-input.js'
import type { Input } from './input.js'
import { keysOf, type LineRules, splitLines } from './split-lines.js'
import { StdinInput } from './stdin-input.js'
import { Unsettled } from './unsettled.js'

/** Records given by one `read`, and bytes given again by one. */
const RECORDS_MAX = 4_096
const AGAIN_BYTES_MAX = 4_194_304
/** So long a read waits for stdin while lines are unsettled: their acks may have to wait for its return. */
const UNSETTLED_WAIT_MS = 20
/** So long a read waits for a checkpoint that cannot be saved before it gives an empty list. */
const FAILING_WAIT_MS = 200

const NOTHING = new Uint8Array(0)

export class LinesSource {
  readonly #paths: readonly string[]
  readonly #keys: LineRules['keys']
  readonly #parts: LinesParts
  readonly #directory: string | undefined
  readonly #inputs: Input[] = []
  readonly #records: SourceRecord[] = []
  readonly #redeliveries = new Redeliveries()
  readonly #waiter = new Waiter()
  readonly #wake = () => this.#waiter.wake()
  #current = 0
  #signal: AbortSignal | undefined
  #isClosed = false
  #checkpoint: Checkpoint | undefined

  /** `directory` is where the checkpoint is kept, if there is one. */
  constructor(paths: readonly string[], keys: LineRules['keys'], parts: LinesParts, directory?: string) {
    this.#paths = paths
    this.#keys = keys
    this.#parts = parts
    this.#directory = directory
  }

  open(context: SourceContext): void | Promise<void> {
    if (this.#directory === undefined) this.#openInputs(context)
    else return this.#openWithCheckpoint(context, this.#directory)
  }

  #openInputs(context: SourceContext): void {
    try {
      for (const index of this.#paths.keys()) {
        this.#inputs.push(this.#openInput(index, context.messageBytesMax))
      }
      if (context.resume !== undefined && this.#directory === undefined) this.#resume(context)
    } catch (error) {
      this.#closeInputs()
      throw error
    }
    this.#signal = context.signal
    this.#signal.addEventListener('abort', this.#wake)
  }

  read(max: number): SourceRecord[] | null | Promise<SourceRecord[] | null> {
    if (this.#checkpoint?.isFailing) return this.#readNothing()
    const records = this.#readNow(Math.min(max, RECORDS_MAX))
    return records === undefined ? this.#readLater(Math.min(max, RECORDS_MAX)) : records
  }

  /** With a checkpoint it resolves when the positions that this moved are durable. */
  ack(acks: readonly SourceAck[]): void | Promise<void> {
    for (const { partition, offset } of acks) this.#inputs[partition]?.settle(Number(offset))
    this.#waiter.wake()
    return this.#checkpoint?.save()
  }

  nack(nacks: readonly SourceNack[]): void {
    this.#redeliveries.add(nacks, systemClock.now())
    this.#waiter.wake()
  }

  pending(): number {
    let bytes = 0
    for (let i = this.#current; i < this.#inputs.length; i++) bytes += this.#inputs[i].bytesLeft
    return bytes
  }

  /** With a checkpoint it rejects where the last position could not be saved. */
  close(): void | Promise<void> {
    this.#isClosed = true
    this.#waiter.wake()
    const checkpoint = this.#checkpoint
    this.#checkpoint = undefined
    if (checkpoint === undefined) this.#closeInputs()
    else return checkpoint.close().finally(() => this.#closeInputs())
  }

  #closeInputs(): void {
    this.#signal?.removeEventListener('abort', this.#wake)
    for (const input of this.#inputs.splice(0)) input.close()
  }

  async #openWithCheckpoint(context: SourceContext, directory: string): Promise<void> {
    // Not before it is needed: most topologies do without.
    const { Checkpoint } = await import('./checkpoint.js')
    this.#openInputs(context)
    try {
      const files = this.#inputs.filter((input) => input instanceof FileInput)
      this.#checkpoint = await Checkpoint.open(directory, files, context.log)
      // It is newer than what was saved.
      if (context.resume !== undefined) this.#resume(context)
    } catch (error) {
      await this.close()
      throw error
    }
  }

  #openInput(index: number, bytesMax: number): Input {
    const { chunkBytes, stdinFd, keptBytesMax } = this.#parts
    const isStdin = this.#paths[index] === '-'
    const path = isStdin ? 'stdin' : this.#paths[index]
    const partition = this.#paths.length === 1 ? undefined : index
    const rules = { path, partition, keys: this.#keys, bytesMax }
    if (!isStdin) {
      return new FileInput(rules, chunkBytes, this.#directory === undefined ? undefined : new Unsettled())
    }
    return new StdinInput(rules, stdinFd, chunkBytes, keptBytesMax, this.#wake)
  }

  #resume({ resume, log }: SourceContext): void {
    const { partition, offset } = resume as SourcePosition
    const input = this.#inputs[partition]
    if (input instanceof FileInput) input.seek(Number(offset))
    else if (input instanceof StdinInput) {
      input.startAt(Number(offset))
      log.warn('stdin cannot be read again: lines that were read before and not settled are lost')
    } else {
      const what = `reading is to go on in file ${partition}, and there are ${this.#inputs.length} (the first is 0)`
      throw new MillraceError('ERR_OPEN', `lines: path: ${what}: give the same files in the same order`)
    }
    this.#current = partition
  }

  /** Gives what there is now; null at the end; undefined if one has to wait. */
  #readNow(max: number): SourceRecord[] | null | undefined {
    while (this.#records.length < max) this.#records.push(createRecord(NOTHING))
    const again = this.#redeliveries.size === 0 ? 0 : this.#giveAgain(max)
    if (again !== 0) return this.#first(again)
    while (this.#current < this.#inputs.length) {
      const input = this.#inputs[this.#current]
      const count = splitLines(input.window, this.#records, max, input.rules)
      if (count !== 0) {
        input.gave(count, this.#records)
        return this.#first(count)
      }
      const more = input.more()
      if (more === 'later') return undefined
      if (more === 'end') this.#current++
    }
    return this.#redeliveries.size === 0 ? null : undefined
  }

  /** Waits a while for the checkpoint, which cannot be saved now. */
  async #readNothing(): Promise<SourceRecord[]> {
    if (!this.#isOver()) await this.#waiter.wait(FAILING_WAIT_MS)
    return []
  }

  async #readLater(max: number): Promise<SourceRecord[] | null> {
    while (!this.#isOver()) {
      await this.#waiter.wait(this.#waitMs())
      if (this.#isOver()) break
      const records = this.#readNow(max)
      if (records !== undefined) return records
      if (this.#hasUnsettled()) break
    }
    return []
  }

  /** Puts the nacked lines that are due into the first records, and gives how many they are. */
  #giveAgain(max: number): number {
    const nowMs = systemClock.now()
    let count = 0
    for (let bytes = 0; count < max && bytes < AGAIN_BYTES_MAX; count++) {
      const due = this.#redeliveries.peek(nowMs)
      if (due === undefined) break
      const { partition, offset } = due
      const input = this.#inputs[partition]
      const { keys, path } = input.rules
      const value = input.lineAt(offset)
      const record = this.#records[count]
      record.partition = input.rules.partition
      record.offset = offset
      record.value = value
      if (keys !== undefined) record.keys = keysOf(textOf(value), keys, path, offset)
      bytes += value.length
      this.#redeliveries.shift()
    }
    return count
  }

  #first(count: number): SourceRecord[] {
    return count === this.#records.length ? this.#records : this.#records.slice(0, count)
  }

  #waitMs(): number {
    const dueInMs = this.#redeliveries.nextMs - systemClock.now()
    return this.#hasUnsettled() ? Math.min(dueInMs, UNSETTLED_WAIT_MS) : dueInMs
  }

  #hasUnsettled(): boolean {
    return this.#inputs.some((input) => input.unsettled !== 0)
  }

  #isOver(): boolean {
    return this.#isClosed || this.#signal?.aborted === true
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
}
