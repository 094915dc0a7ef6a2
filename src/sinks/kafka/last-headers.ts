// The headers of a message, decoded only where they differ from those of the message before: most records of a topic have the
// same ones, and be it only the source's own.

import { flagsAt, HAS_HEADERS, type Headers, headersAt, variableSection } from '../../kernel/codec.js'
import type { Ring } from '../../kernel/mailbox.js'
import type { Message } from '../../kernel/message.js'

const NO_HEADERS: Headers = Object.freeze(Object.create(null))

export class LastHeaders<Made> {
  readonly #make: (headers: Headers) => Made
  readonly #none: Made
  /** As they lay in the mailbox: whole words, and the bytes behind them. */
  #words = new Int32Array(0)
  #length = -1
  #made: Made

  /** `make` makes of headers what is asked for; it is given again for equal ones. */
  constructor(make: (headers: Headers) => Made) {
    this.#make = make
    this.#none = make(NO_HEADERS)
    this.#made = this.#none
  }

  of({ inbound: { ring }, at }: Message): Made {
    const flags = flagsAt(ring, at)
    if ((flags & HAS_HEADERS) === 0) return this.#none
    const word = variableSection(ring, flags, at, HAS_HEADERS) >>> 2
    if (!this.#isSame(ring, word)) {
      this.#remember(ring, word)
      this.#made = this.#make(headersAt(ring, at) as Headers)
    }
    return this.#made
  }

  #isSame({ words }: Ring, word: number): boolean {
    const length = words[word]
    if (length !== this.#length) return false
    const whole = length >>> 2
    for (let i = 0; i < whole; i++) if (words[word + 1 + i] !== this.#words[i]) return false
    if ((length & 3) === 0) return true
    // What is behind them in the last word is left over.
    const rest = 0xffff_ffff >>> (32 - 8 * (length & 3))
    return ((words[word + 1 + whole] ^ this.#words[whole]) & rest) === 0
  }

  #remember({ words }: Ring, word: number): void {
    this.#length = words[word]
    this.#words = words.slice(word + 1, word + 1 + ((this.#length + 3) >>> 2))
  }
}
