// The word that an idle thread waits on (W2). Producers ring only when its owner is parked, so a busy pipeline never signals.
// The owner writes `parked`; whoever rings writes `bell`, and takes `parked` back so that only one of them signals.

import { BELL_WORD, DOORBELL_BYTES, PARKED_WORD } from './layout.js'

export class Doorbell {
  readonly memory: SharedArrayBuffer
  private readonly words: Int32Array

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(DOORBELL_BYTES)) {
    this.memory = memory
    this.words = new Int32Array(memory)
  }

  /** Wakes the owner if it is parked. Call it after publishing: the parked flag is read last (W2). */
  ring(): void {
    if (Atomics.load(this.words, PARKED_WORD) === 0) return
    if (Atomics.exchange(this.words, PARKED_WORD, 0) === 0) return
    this.signal()
  }

  /** Wakes the owner whether it is parked or not. */
  signal(): void {
    Atomics.add(this.words, BELL_WORD, 1)
    Atomics.notify(this.words, BELL_WORD)
  }

  /** Says that the owner is about to park, and gives the value to wait on. The owner must look for work again after it. */
  arm(): number {
    // Reading the bell before setting parked: a ring in between changes the bell, so the wait ends at once.
    const value = Atomics.load(this.words, BELL_WORD)
    Atomics.store(this.words, PARKED_WORD, 1)
    return value
  }

  /** Takes `arm` back. */
  disarm(): void {
    Atomics.store(this.words, PARKED_WORD, 0)
  }

  /** Resolves when the bell has rung since `arm`, or after the time-out. It does not keep the event loop alive. */
  wait(value: number, timeoutMs: number): Promise<unknown> | undefined {
    const result = Atomics.waitAsync(this.words, BELL_WORD, value, timeoutMs)
    return result.async ? result.value : undefined
  }
}
