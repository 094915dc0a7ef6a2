// How full a mailbox is, for whoever is neither of its ends: of a moment ago, and never torn.

import { RELEASE_WORD, TAIL_WORD } from './layout.js'

/** Gives the bytes that were published and not released yet, padding and all. */
export function usedBytesOf(memory: SharedArrayBuffer): number {
  const words = new Int32Array(memory)
  // In this order: what is released was published before.
  const release = Atomics.load(words, RELEASE_WORD)
  return (Atomics.load(words, TAIL_WORD) - release) | 0
}
