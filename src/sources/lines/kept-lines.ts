// The lines of a stream that are given and not settled: a stream cannot be read again, so their bytes stay in memory.
// Lines lie in a few large buffers; a buffer is let go when all of its lines are settled.

import { CR, LF } from './split-lines.js'

type Segment = {
  /** Offset in the stream of the buffer's first byte. */
  base: number
  buffer: Buffer
  /** Index behind the last line that was given. */
  end: number
  unsettled: number
}

export class KeptLines {
  /** By offset; lines are given from the last one. */
  readonly #segments: Segment[] = []
  /** How many lines are kept. */
  unsettled = 0
  /** How much memory they keep. */
  bytes = 0

  /** Tells that from now on lines are given from another buffer. */
  begin(base: number, buffer: Buffer): void {
    const last = this.#segments.length - 1
    if (last >= 0 && this.#segments[last].unsettled === 0) this.#letGo(last)
    this.#segments.push({ base, buffer, end: 0, unsettled: 0 })
    this.bytes += buffer.length
  }

  /** Tells that so many lines were given, the last of which ends before this index. */
  gave(lines: number, end: number): void {
    const segment = this.#segments[this.#segments.length - 1]
    segment.unsettled += lines
    segment.end = end
    this.unsettled += lines
  }

  settle(offset: number): void {
    const index = this.#indexOf(offset)
    const segment = this.#segments[index]
    if (segment === undefined || segment.unsettled === 0) return
    segment.unsettled--
    this.unsettled--
    if (segment.unsettled === 0 && index !== this.#segments.length - 1) this.#letGo(index)
  }

  /** Gives the line at an offset, or undefined if it is not kept. */
  lineAt(offset: number): Uint8Array | undefined {
    const segment = this.#segments[this.#indexOf(offset)]
    if (segment === undefined || offset >= segment.base + segment.end) return undefined
    const start = offset - segment.base
    const lines = segment.buffer.subarray(0, segment.end)
    const lf = lines.indexOf(LF, start)
    if (lf < 0) return lines.subarray(start)
    return lines.subarray(start, lf > start && lines[lf - 1] === CR ? lf - 1 : lf)
  }

  #letGo(index: number): void {
    this.bytes -= this.#segments[index].buffer.length
    this.#segments.splice(index, 1)
  }

  /** The last segment that begins at or before an offset; -1 if there is none. */
  #indexOf(offset: number): number {
    let low = 0
    let high = this.#segments.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#segments[middle].base <= offset) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
