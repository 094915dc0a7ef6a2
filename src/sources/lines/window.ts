// The bytes of a file or a stream that are read and not yet split into lines. Reading one line costs a fixed number of
// copies of its bytes, however long it is: the buffer doubles, and what was searched is not searched again.
//
//   0 ......... start ............. scanned ............. filled ......... buffer.length
//   given lines | begun line: no LF up to scanned | not searched | room

const NONE: Buffer = Buffer.alloc(0)

export class Window {
  buffer = NONE
  /** The part of the buffer that is filled. */
  bytes = NONE
  /** Index in the buffer of the next line. */
  start = 0
  /** Index up to which there is no LF behind `start`. */
  scanned = 0
  /** Offset in the file of the buffer's first byte. */
  base = 0
  /** True when no more bytes will come: what is left is a line. */
  ended = false
  readonly #chunkBytes: number

  constructor(chunkBytes: number) {
    this.#chunkBytes = chunkBytes
  }

  /** Offset in the file of the next line. */
  get offset(): number {
    return this.base + this.start
  }

  /** Index of the first free byte. */
  get filled(): number {
    return this.bytes.length
  }

  /** Makes room behind the begun line, over the lines before it: nobody may use those any more. */
  makeRoom(): void {
    const restBytes = this.filled - this.start
    const isFull = this.buffer.length - restBytes < Math.max(1, this.#chunkBytes >>> 1)
    if (isFull) this.#moveTo(Buffer.allocUnsafeSlow(Math.max(this.#chunkBytes, 2 * this.buffer.length)))
    else if (this.start !== 0) this.#moveTo(this.buffer)
  }

  /** Tells that bytes were put into the room. */
  added(bytes: number): void {
    this.bytes = this.buffer.subarray(0, this.filled + bytes)
  }

  /**
   * Copies a chunk behind the begun line; where there is no room, both go into a fresh buffer, and the lines before stay what
   * they are in the old one. Tells whether the buffer is fresh.
   */
  append(chunk: Uint8Array): boolean {
    const restBytes = this.filled - this.start
    const isFresh = this.buffer.length - this.filled < chunk.length
    if (isFresh) {
      this.#moveTo(
        Buffer.allocUnsafeSlow(Math.max(this.#chunkBytes, 2 * restBytes, restBytes + chunk.length)),
      )
    }
    this.buffer.set(chunk, this.filled)
    this.added(chunk.length)
    return isFresh
  }

  /** Lets go of the buffer when all is given. */
  release(): void {
    this.#moveTo(NONE)
  }

  #moveTo(target: Buffer): void {
    const restBytes = this.bytes.copy(target, 0, this.start)
    this.buffer = target
    this.bytes = target.subarray(0, restBytes)
    this.base += this.start
    this.scanned -= this.start
    this.start = 0
  }
}
