// The threads of a scenario in lock step: begins a schedule, lets one thread make its next accesses, and says where all of them
// stand. It blocks while a thread moves: between two calls nobody touches the memory.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import {
  BELL_WORD,
  MAILBOX_HEADER_BYTES,
  PARKED_WORD,
  RELEASE_WORD,
  TAIL_WORD,
  WANTED_WORD,
  WATERMARK_WORD,
} from '../../../src/kernel/layout.js'
import { ACCESSES, type Access, CONTROL, SLEEP, STATES } from './control.js'
import type { Stage } from './scenario.js'

/** One access of a schedule. */
export type Entry = {
  thread: number
  access: Access
  memory: number
  word: number
  operand: number
  result: number
}

const MOVE_MS_MAX = 20_000

export class Lockstep {
  readonly stage: Stage
  private readonly words: Int32Array
  private readonly bytes: Buffer
  private readonly workers: Worker[]
  private readonly pristine: Uint8Array[]
  private readonly views: Uint8Array[]
  private readonly memoryWords: Int32Array[]
  /** The words of each memory that can change. */
  private readonly used: number[][]
  /** How many entries of each thread's log were read. */
  private readonly seen: number[]

  /** Resolves when all threads are up. `kernel` is the URL of a folder with the built kernel, without a slash at the end. */
  static async open(stage: Stage, kernel: string): Promise<Lockstep> {
    const lockstep = new Lockstep(stage, kernel)
    await Promise.all(lockstep.workers.map((worker) => once(worker, 'message')))
    return lockstep
  }

  private constructor(stage: Stage, kernel: string) {
    const { memories, roles } = stage
    this.stage = stage
    const control = new SharedArrayBuffer(roles.length * CONTROL.WORDS * 4)
    this.words = new Int32Array(control)
    this.bytes = Buffer.from(control)
    this.views = memories.map((memory) => new Uint8Array(memory))
    this.pristine = this.views.map((view) => view.slice())
    this.memoryWords = memories.map((memory) => new Int32Array(memory))
    this.used = this.memoryWords.map((words, memory) =>
      usedWords(words.length, memory < stage.scenario.mailboxes.length),
    )
    this.seen = roles.map(() => 0)
    const shared = {
      memories,
      kernel,
      control,
      layout: CONTROL,
      states: STATES,
      sleep: SLEEP,
      accesses: ACCESSES,
    }
    const threads = roles.map((role) => ({ role }))
    this.workers = roles.map(
      (_, self) =>
        new Worker(new URL('./thread.mjs', import.meta.url), { workerData: { ...shared, self, threads } }),
    )
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()))
  }

  get threadCount(): number {
    return this.workers.length
  }

  /** Ends the schedule before, and brings every thread to its first access. */
  begin(): void {
    for (let thread = 0; thread < this.threadCount; thread++)
      if (this.get(thread, CONTROL.STATE) !== STATES.IDLE) this.move(thread, STATES.ABORT)
    for (let i = 0; i < this.views.length; i++) this.views[i].set(this.pristine[i])
    this.seen.fill(0)
    for (let thread = 0; thread < this.threadCount; thread++) {
      for (const word of [CONTROL.SLEEP, CONTROL.PLACED, CONTROL.TAKEN, CONTROL.LOGGED, CONTROL.TEXT_BYTES])
        this.words[thread * CONTROL.WORDS + word] = 0
      this.move(thread, STATES.START)
    }
  }

  /** Lets a thread make so many accesses, one after the other. */
  step(thread: number, count = 1): void {
    this.words[thread * CONTROL.WORDS + CONTROL.BUDGET] = count
    this.move(thread, STATES.RUN)
  }

  /** Tells whether a thread can make its next access: not while it sleeps. */
  isEnabled(thread: number): boolean {
    if (this.get(thread, CONTROL.STATE) !== STATES.GATE) return false
    return (
      ACCESSES[this.get(thread, CONTROL.NEXT)] !== 'woken' ||
      this.get(thread, CONTROL.SLEEP) === SLEEP.NOTIFIED
    )
  }

  /** Tells whether the next accesses of two threads give the same in either order. */
  areIndependent(a: number, b: number): boolean {
    const [one, other] = [this.nextOf(a), this.nextOf(b)]
    const isPlain = one.memory < 0
    // Plain accesses go to records, atomic ones to words of their own; which records is known only afterwards.
    if (isPlain || other.memory < 0) return isPlain !== other.memory < 0
    if (one.memory !== other.memory || one.word !== other.word) return true
    return one.access === 'load' && other.access === 'load'
  }

  private nextOf(thread: number): { access: Access; memory: number; word: number } {
    return {
      access: ACCESSES[this.get(thread, CONTROL.NEXT)],
      memory: this.get(thread, CONTROL.NEXT_MEMORY),
      word: this.get(thread, CONTROL.NEXT_WORD),
    }
  }

  /** Gives why a thread failed, if one did. */
  failure(): string | undefined {
    for (let thread = 0; thread < this.threadCount; thread++) {
      if (this.get(thread, CONTROL.STATE) !== STATES.FAILED) continue
      const from = (thread * CONTROL.WORDS + CONTROL.TEXT) * 4
      const text = this.bytes.toString('utf8', from, from + this.get(thread, CONTROL.TEXT_BYTES))
      return `${this.stage.roles[thread].name}: ${text}`
    }
    return undefined
  }

  /** Gives the records that a thread has placed and taken. */
  progress(thread: number): { placed: number; taken: number } {
    return { placed: this.get(thread, CONTROL.PLACED), taken: this.get(thread, CONTROL.TAKEN) }
  }

  /** Gives all words of a shared memory. */
  memory(index: number): Int32Array {
    return this.memoryWords[index]
  }

  /** Gives a text that is equal where all memory and all threads are: what follows is equal then too. */
  state(): string {
    const parts: (string | number)[] = []
    this.memoryWords.forEach((words, memory) => {
      for (const word of this.used[memory]) parts.push(words[word])
    })
    for (let thread = 0; thread < this.threadCount; thread++)
      for (const word of [
        CONTROL.STATE,
        CONTROL.NEXT,
        CONTROL.SLEEP,
        CONTROL.HISTORY,
        CONTROL.HISTORY + 1,
        CONTROL.PLACED,
        CONTROL.TAKEN,
      ])
        parts.push(this.get(thread, word))
    return parts.join(';')
  }

  /** Gives what a thread did since the last call. */
  entries(thread: number): Entry[] {
    const base = thread * CONTROL.WORDS
    const entries: Entry[] = []
    for (; this.seen[thread] < this.words[base + CONTROL.LOGGED]; this.seen[thread]++) {
      const at = base + CONTROL.LOG + this.seen[thread] * CONTROL.ENTRY
      const [access, memory, word, operand, result] = this.words.subarray(at, at + CONTROL.ENTRY)
      entries.push({ thread, access: ACCESSES[access], memory, word, operand, result })
    }
    return entries
  }

  private get(thread: number, word: number): number {
    return Atomics.load(this.words, thread * CONTROL.WORDS + word)
  }

  /** Gives a thread its turn, and waits until it stands again. */
  private move(thread: number, state: number): void {
    const at = thread * CONTROL.WORDS + CONTROL.STATE
    Atomics.store(this.words, at, state)
    Atomics.notify(this.words, at)
    // The notification of its last stop may come only now.
    while (Atomics.load(this.words, at) === state)
      if (Atomics.wait(this.words, at, state, MOVE_MS_MAX) === 'timed-out') this.stuck(thread)
  }

  private stuck(thread: number): never {
    throw new Error(`thread ${this.stage.roles[thread].name} did not come to its next access`)
  }
}

function usedWords(count: number, isMailbox: boolean): number[] {
  if (!isMailbox) return [BELL_WORD, PARKED_WORD]
  const words = [TAIL_WORD, RELEASE_WORD, WATERMARK_WORD, WANTED_WORD]
  for (let word = MAILBOX_HEADER_BYTES / 4; word < count; word++) words.push(word)
  return words
}
