// Lines of a regular file: read in large chunks into one buffer, again by a positioned read.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { countText } from '../../kernel/count-text.js'
import { MillraceError, messageOf } from '../../kernel/failure.js'
import type { SourceRecord } from '../source.js'
import { checkIsFile } from './file-check.js'
import type { Input } from './input.js'
import { CR, LF, type LineRules, tooLong } from './split-lines.js'
import type { Unsettled } from './unsettled.js'
import { Window } from './window.js'

/** What a redelivered line is read in at first: most lines are shorter. */
const AGAIN_BYTES = 4_096

export class FileInput implements Input {
  readonly rules: LineRules
  readonly window: Window
  readonly unsettled = 0
  readonly fd: number
  readonly #bytesAtOpen: number
  readonly #chunkBytes: number
  /** Kept where somebody wants to know how far the file is settled. */
  readonly #lines: Unsettled | undefined

  /** Opens the file, or throws ERR_OPEN. */
  constructor(rules: LineRules, chunkBytes: number, lines?: Unsettled) {
    this.rules = rules
    this.#lines = lines
    this.#chunkBytes = chunkBytes
    this.fd = openFile(rules.path)
    this.#bytesAtOpen = fstatSync(this.fd).size
    this.window = new Window(chunkBytes)
  }

  get bytesLeft(): number {
    return Math.max(0, this.#bytesAtOpen - this.window.offset)
  }

  /** Begins at an offset, which is that of a line. */
  startAt(offset: number): void {
    this.window.base = offset
  }

  /** Goes on at an offset; where that is inside a line, at the next line: a position may be one after a settled record's. */
  seek(offset: number): void {
    if (offset > this.#bytesAtOpen) {
      const what = `the file has ${countText(this.#bytesAtOpen)} bytes, and reading is to go on at byte ${countText(offset)}`
      throw new MillraceError(
        'ERR_OPEN',
        `lines: ${this.rules.path}: ${what}: it is not the file that was read before`,
      )
    }
    const { window } = this
    window.base = offset === 0 ? 0 : offset - 1
    while (offset !== 0 && this.more() === 'more' && !window.ended) {
      const lf = window.bytes.indexOf(LF)
      window.start = window.scanned = lf < 0 ? window.filled : lf + 1
      if (lf >= 0) return
    }
  }

  more(): 'more' | 'end' {
    const { window } = this
    if (window.ended) {
      window.release()
      return 'end'
    }
    window.makeRoom()
    const room = Math.min(window.buffer.length - window.filled, this.#chunkBytes)
    const bytes = this.#read(window.buffer, window.filled, room, window.base + window.filled)
    if (bytes === 0) window.ended = true
    else window.added(bytes)
    return 'more'
  }

  lineAt(offset: number): Uint8Array {
    let buffer = Buffer.allocUnsafe(AGAIN_BYTES)
    for (let filled = 0; ; ) {
      const bytes = this.#read(buffer, filled, buffer.length - filled, offset + filled)
      const lf = buffer.subarray(0, filled + bytes).indexOf(LF, filled)
      filled += bytes
      if (lf >= 0) return buffer.subarray(0, lf > 0 && buffer[lf - 1] === CR ? lf - 1 : lf)
      if (bytes === 0 && filled === 0)
        throw this.#failure(`the line at byte ${countText(offset)} is no longer there`)
      if (bytes === 0) return buffer.subarray(0, filled)
      if (filled > this.rules.bytesMax + 1) throw tooLong(this.rules, offset)
      if (filled === buffer.length) buffer = Buffer.concat([buffer], 4 * filled)
    }
  }

  gave(lines: number, records: readonly SourceRecord[]): void {
    if (this.#lines === undefined) return
    for (let i = 0; i < lines; i++) this.#lines.add(records[i].offset as number)
  }

  settle(offset: number): void {
    this.#lines?.settle(offset)
  }

  /** Everything before this offset was given and settled. */
  get settledTo(): number {
    return this.#lines?.lowest ?? this.window.offset
  }

  close(): void {
    closeSync(this.fd)
  }

  #read(buffer: Buffer, at: number, bytes: number, offset: number): number {
    try {
      return readSync(this.fd, buffer, at, bytes, offset)
    } catch (cause) {
      throw this.#failure(messageOf(cause), cause)
    }
  }

  #failure(what: string, cause?: unknown): MillraceError {
    return new MillraceError('ERR_SOURCE', `lines: ${this.rules.path}: ${what}`, { cause })
  }
}

function openFile(path: string): number {
  try {
    checkIsFile(path)
    return openSync(path, 'r')
  } catch (cause) {
    throw new MillraceError('ERR_OPEN', `lines: ${path}: ${messageOf(cause)}`, { cause })
  }
}
