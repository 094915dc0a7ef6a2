// The pulse of a thread: which worker owns its actors, and how often its loop has turned. Written by the thread itself, read by
// the main thread: a loop that turns no more is stuck in user code (H2), and only the exit of the owner frees its mailboxes (C6).

import { OWNER_WORD, PULSE_BYTES, TURNS_WORD } from './layout.js'

export class Pulse {
  private readonly words: Int32Array
  private count = 0

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(PULSE_BYTES)) {
    this.words = new Int32Array(memory)
  }

  /** Says which worker opens the mailboxes of this thread's actors; called before it does. */
  own(threadId: number): void {
    Atomics.store(this.words, OWNER_WORD, threadId)
  }

  /** The worker that opened them last; 0 for none. */
  get owner(): number {
    return Atomics.load(this.words, OWNER_WORD)
  }

  /** Counts a turn of the loop. */
  beat(): void {
    this.count = (this.count + 1) | 0
    // A plain store: whoever looks needs to see it some time, not in any order.
    this.words[TURNS_WORD] = this.count
  }

  get turns(): number {
    return this.words[TURNS_WORD]
  }
}
