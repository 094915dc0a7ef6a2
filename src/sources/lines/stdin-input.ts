// Lines of a stream that can't be read again. What is given stays in memory until it is settled, with a limit: beyond it no
// more is read (P5).

import type { Readable } from 'node:stream'
import { countText } from '../../kernel/count-text.js'
import { MillraceError, messageOf } from '../../kernel/failure.js'
import type { Input } from './input.js'
import { KeptLines } from './kept-lines.js'
import type { LineRules } from './split-lines.js'
import { streamOf } from './stream-of.js'
import { Window } from './window.js'

export class StdinInput implements Input {
  readonly rules: LineRules
  readonly window: Window
  readonly bytesLeft = 0
  readonly #stream: Readable
  readonly #kept = new KeptLines()
  readonly #keptBytesMax: number
  #isAtEnd = false
  #failure: MillraceError | undefined

  /** Opens the stream, or throws ERR_OPEN; `wake` is called whenever `more` may have something new to say. */
  constructor(rules: LineRules, fd: number, chunkBytes: number, keptBytesMax: number, wake: () => void) {
    this.rules = rules
    this.window = new Window(chunkBytes)
    this.#keptBytesMax = keptBytesMax
    try {
      this.#stream = streamOf(fd, chunkBytes)
    } catch (cause) {
      throw new MillraceError('ERR_OPEN', `lines: ${rules.path}: ${messageOf(cause)}`, { cause })
    }
    this.#stream.on('readable', wake)
    this.#stream.on('end', () => {
      this.#isAtEnd = true
      wake()
    })
    this.#stream.on('error', (cause) => {
      this.#failure = new MillraceError('ERR_SOURCE', `lines: ${rules.path}: ${messageOf(cause)}`, { cause })
      wake()
    })
  }

  get unsettled(): number {
    return this.#kept.unsettled
  }

  /** Counts on from an offset: the stream itself goes on where it is. */
  startAt(offset: number): void {
    this.window.base = offset
  }

  more(): 'more' | 'later' | 'end' {
    const { window } = this
    if (window.ended) return 'end'
    if (this.#kept.unsettled !== 0 && this.#kept.bytes > this.#keptBytesMax) return 'later'
    const chunk: Buffer | null = this.#stream.read()
    if (chunk !== null) {
      if (window.append(chunk)) this.#kept.begin(window.base, window.buffer)
      return 'more'
    }
    if (this.#failure !== undefined) throw this.#failure
    if (!this.#isAtEnd) return 'later'
    window.ended = true
    return 'more'
  }

  gave(lines: number): void {
    this.#kept.gave(lines, this.window.start)
  }

  settle(offset: number): void {
    this.#kept.settle(offset)
  }

  lineAt(offset: number): Uint8Array {
    const line = this.#kept.lineAt(offset)
    if (line !== undefined) return line
    throw new MillraceError(
      'ERR_SOURCE',
      `lines: ${this.rules.path}: the line at byte ${countText(offset)} is not kept: it was settled`,
    )
  }

  close(): void {
    this.#stream.destroy()
  }
}
