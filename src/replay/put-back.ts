// Lines that go back to the file from which they came, behind what has come there meanwhile.

import { type FileHandle, open } from 'node:fs/promises'

const BUFFER_BYTES = 1024 * 1024
const LF = 10

export class PutBack {
  private readonly path: string
  private file: FileHandle | undefined
  private pieces: Buffer[] = []
  private bytes = 0

  constructor(path: string) {
    this.path = path
  }

  /** Adds a line, which has its end. */
  async add(line: Buffer): Promise<void> {
    this.pieces.push(line)
    this.bytes += line.length
    if (this.bytes >= BUFFER_BYTES) await this.write()
  }

  /** Makes all of them durable. */
  async end(): Promise<void> {
    try {
      if (this.pieces.length > 0) await this.write()
      await this.file?.sync()
    } finally {
      await this.file?.close()
    }
  }

  private async write(): Promise<void> {
    this.file ??= await this.openBehindWholeLine()
    await this.file.writeFile(Buffer.concat(this.pieces))
    this.pieces = []
    this.bytes = 0
  }

  /** A torn last line must not swallow ours. */
  private async openBehindWholeLine(): Promise<FileHandle> {
    const file = await open(this.path, 'a+')
    const { size } = await file.stat()
    const last = Buffer.alloc(1)
    if (size > 0) await file.read(last, 0, 1, size - 1)
    if (size > 0 && last[0] !== LF) await file.writeFile('\n')
    return file
  }
}
