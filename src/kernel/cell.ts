// The commit cell (C1): what an actor has done, over all of its mailboxes, becomes visible by one store, as a whole or not at all.
// The owner fills the idle slot, publishes it, then copies tails and release positions to the mailboxes.
// A successor copies them again. Slots are written by the owner only; the published word selects the one that counts.

import { crashPoint } from './crash.js'
import type { Inbound } from './inbound.js'
import {
  CALLS_WORD,
  cellBytes,
  givenWord,
  HANDLING_BATCH,
  HANDLING_INBOUND_WORD,
  HANDLING_POSITION_WORD,
  PUBLISHED_WORD,
  SLOT_NUMBER_DOUBLE,
  SLOT_TAILS_WORD,
  SLOT_WATERMARK_WORD,
  SLOTS_BYTE,
  slotBytes,
  slotRegistersDouble,
} from './layout.js'
import type { Outbound } from './outbound.js'

/** The positions at which an actor's mailboxes begin, and its first registers. */
export type CellStart = {
  inbounds: readonly number[]
  outbounds: readonly number[]
  registers: readonly number[]
  watermark?: number
}

/** Makes the memory of a commit cell that has published commit number 0. */
export function createCellMemory(start: CellStart): SharedArrayBuffer {
  const { inbounds, outbounds, registers } = start
  const bytes = slotBytes(outbounds.length, inbounds.length, registers.length)
  const memory = new SharedArrayBuffer(cellBytes(outbounds.length, inbounds.length, registers.length))
  new Int32Array(memory).set(inbounds, givenWord(outbounds.length, inbounds.length, registers.length))
  const words = new Int32Array(memory, SLOTS_BYTE, bytes / 4)
  words[SLOT_WATERMARK_WORD] = start.watermark ?? 0
  words.set(outbounds, SLOT_TAILS_WORD)
  words.set(inbounds, SLOT_TAILS_WORD + outbounds.length)
  const registersDouble = slotRegistersDouble(outbounds.length, inbounds.length)
  new Float64Array(memory, SLOTS_BYTE, bytes / 8).set(registers, registersDouble)
  return memory
}

/** What user code the owner of a cell is in, or was in when it died: on its stack, waiting for its promises, or none. */
export type UserCode = 'running' | 'awaited' | 'none'

/** Gives the registers that the last published commit of a cell left. For other threads. */
export function registersOf(
  memory: SharedArrayBuffer,
  outboundCount: number,
  inboundCount: number,
  registerCount: number,
): Float64Array {
  const slot = Atomics.load(new Int32Array(memory), PUBLISHED_WORD)
  const first = SLOTS_BYTE + slot * slotBytes(outboundCount, inboundCount, registerCount)
  const at = (first >>> 3) + slotRegistersDouble(outboundCount, inboundCount)
  return new Float64Array(memory).slice(at, at + registerCount)
}

/** Gives what changes whenever a cell's owner goes from one call of user code to the next. For other threads. */
export function callOf(memory: SharedArrayBuffer): string {
  const words = new Int32Array(memory)
  return `${words[HANDLING_INBOUND_WORD]}:${words[HANDLING_POSITION_WORD]}`
}

/** Tells what user code a cell's owner is in. For other threads. */
export function userCodeOf(memory: SharedArrayBuffer): UserCode {
  const words = new Int32Array(memory)
  if (Atomics.load(words, HANDLING_INBOUND_WORD) !== 0) return 'running'
  return Atomics.load(words, CALLS_WORD) !== 0 ? 'awaited' : 'none'
}

export class Cell {
  /** Number of the last published commit (C2: a double, it never wraps). */
  number: number
  /** True where something is done that the next commit publishes: whoever does it says so. */
  isDirty = false
  /** The order watermark that the next commit publishes (O3): low 32 bits of a sequence. */
  watermark: number
  /** What else the actor must remember over its death; the next commit publishes it. */
  readonly registers: Float64Array
  private readonly inbounds: readonly Inbound[]
  private readonly outbounds: readonly Outbound[]
  private readonly words: Int32Array
  private readonly doubles: Float64Array
  private readonly slotWords: number
  private readonly registersDouble: number
  /** First of the words that say up to which position an inbound's records were given to user code. */
  private readonly given: number
  private slot: number

  /**
   * Opens the cell: all mailboxes go to where the last published commit left them, whatever happened after it. What was in user
   * code when a predecessor died becomes a suspect (H1); `isBlamed`: its death is held against a record that was alone in it.
   */
  constructor(
    memory: SharedArrayBuffer,
    inbounds: readonly Inbound[],
    outbounds: readonly Outbound[],
    registerCount: number,
    isBlamed = true,
  ) {
    this.inbounds = inbounds
    this.outbounds = outbounds
    this.words = new Int32Array(memory)
    this.doubles = new Float64Array(memory)
    this.slotWords = slotBytes(outbounds.length, inbounds.length, registerCount) / 4
    this.given = givenWord(outbounds.length, inbounds.length, registerCount)
    this.registersDouble = slotRegistersDouble(outbounds.length, inbounds.length)
    this.slot = Atomics.load(this.words, PUBLISHED_WORD)

    const first = this.firstWord(this.slot)
    const registersAt = (first >>> 1) + this.registersDouble
    this.number = this.doubles[(first >>> 1) + SLOT_NUMBER_DOUBLE]
    this.watermark = this.words[first + SLOT_WATERMARK_WORD]
    this.registers = this.doubles.slice(registersAt, registersAt + registerCount)
    const tails = first + SLOT_TAILS_WORD
    outbounds.forEach((outbound, i) => {
      crashPoint('cell.recover-tail')
      outbound.recover(this.words[tails + i], this.watermark)
    })
    const userCode = userCodeOf(memory)
    this.begunOnStack(tails + outbounds.length)
    inbounds.forEach((inbound, i) => {
      crashPoint('cell.recover-cursor')
      inbound.number = i + 1
      const cursor = this.words[tails + outbounds.length + i]
      const given = userCode === 'none' ? cursor : this.givenOf(inbound, i, cursor)
      inbound.recover(cursor, this.number, given, isBlamed)
    })
    // Only now: a successor that dies in between must find again what was given.
    this.handled()
    this.awaited(0)
  }

  /** Says which record user code is called for: if the thread dies in it, the successor knows whom to suspect (H1). */
  handling(inbound: Inbound, position: number): void {
    this.words[HANDLING_POSITION_WORD] = position
    this.words[HANDLING_INBOUND_WORD] = inbound.number
  }

  /** Says that user code is called for a batch; its records were `gave`n. */
  handlingBatch(): void {
    // For the watchdog: this call is not the one before.
    this.words[HANDLING_POSITION_WORD]++
    this.words[HANDLING_INBOUND_WORD] = HANDLING_BATCH
  }

  /** Tells whether user code is called for this record now. */
  isHandling(inbound: Inbound, position: number): boolean {
    const { words } = this
    return words[HANDLING_INBOUND_WORD] === inbound.number && words[HANDLING_POSITION_WORD] === position
  }

  /** User code has returned. */
  handled(): void {
    this.words[HANDLING_INBOUND_WORD] = 0
  }

  /** Says of how many calls of user code the promises are pending. */
  awaited(calls: number): void {
    this.words[CALLS_WORD] = calls
  }

  /** Says that what was taken of an inbound is given to user code: if the thread dies, the unsettled of it are suspects (H1). */
  gave(inbound: Inbound): void {
    this.words[this.given + inbound.number - 1] = inbound.position
  }

  /** Wakes the consumers of what was published since the last call (W2). Owed before the thread parks or yields. */
  ring(): void {
    for (let i = 0; i < this.outbounds.length; i++) this.outbounds[i].wakeConsumer()
    for (let i = 0; i < this.inbounds.length; i++) this.inbounds[i].wakeProducer()
  }

  /** Number of the commit that will publish what is done now. */
  get pending(): number {
    return this.number + 1
  }

  /** Publishes everything that the actor has done since the last commit. */
  commit(): void {
    const { inbounds, outbounds, words, doubles, registers } = this
    for (let i = 0; i < inbounds.length; i++) inbounds[i].pass()
    const slot = 1 - this.slot
    const first = this.firstWord(slot)
    const number = this.number + 1
    doubles[(first >>> 1) + SLOT_NUMBER_DOUBLE] = number
    words[first + SLOT_WATERMARK_WORD] = this.watermark
    crashPoint('cell.before-tails')
    let at = first + SLOT_TAILS_WORD
    for (let i = 0; i < outbounds.length; i++) words[at++] = outbounds[i].tail
    for (let i = 0; i < inbounds.length; i++) words[at++] = inbounds[i].cursor
    const registersAt = (first >>> 1) + this.registersDouble
    for (let i = 0; i < registers.length; i++) doubles[registersAt + i] = registers[i]
    crashPoint('cell.before-publish')
    // C1: for the successor, which reads the published word and then the slot that it selects.
    Atomics.store(words, PUBLISHED_WORD, slot)
    this.slot = slot
    this.number = number
    this.isDirty = false
    crashPoint('cell.after-publish')
    for (let i = 0; i < outbounds.length; i++) {
      outbounds[i].publish(this.watermark)
      crashPoint('cell.after-tail')
    }
    for (let i = 0; i < inbounds.length; i++) {
      inbounds[i].release()
      crashPoint('cell.after-release')
    }
  }

  /**
   * H1: the record whose user code was on the stack was alone in it. Marked before the word is cleared, so that a successor that
   * dies in between does it again, and the death is counted once.
   */
  private begunOnStack(cursorsWord: number): void {
    const number = this.words[HANDLING_INBOUND_WORD]
    if (number > 0) {
      const position = this.words[HANDLING_POSITION_WORD]
      this.inbounds[number - 1].begin(this.words[cursorsWord + number - 1], position)
    }
    // A batch has no mark of its own: its word stays until what was given is suspected.
    if (number > 0) this.words[HANDLING_INBOUND_WORD] = 0
  }

  /** Up to where an inbound's records were given; one that gives none keeps its first position, which positions wrap past. */
  private givenOf(inbound: Inbound, i: number, cursor: number): number {
    const given = this.words[this.given + i]
    const ahead = (given - cursor) | 0
    return ahead > 0 && ahead <= inbound.ring.capacity ? given : cursor
  }

  private firstWord(slot: number): number {
    return (SLOTS_BYTE >>> 2) + slot * this.slotWords
  }
}
