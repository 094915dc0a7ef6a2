// A lock of all threads of a process: who holds it is the only suspect of an earlier process that is in user code (H1).
// It is taken without waiting. A holder that dies keeps it; its successor, with the same number, gives it back.

import { ISOLATION_BYTES } from './layout.js'

const FREE = 0

export class Isolation {
  private readonly words: Int32Array
  private readonly number: number

  /** `number`: of the one who may hold it, from 1. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(ISOLATION_BYTES), number = 1) {
    this.words = new Int32Array(memory)
    this.number = number
  }

  /** Takes it, or says that another has it. */
  take(): boolean {
    const holder = Atomics.compareExchange(this.words, 0, FREE, this.number)
    return holder === FREE || holder === this.number
  }

  /** Gives it back, if it is held here. */
  release(): void {
    Atomics.compareExchange(this.words, 0, this.number, FREE)
  }
}
