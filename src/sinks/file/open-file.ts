// The file behind the sink `file`, from opening to closing.

import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { MillraceError, messageOf } from '../../kernel/failure.js'
import type { Message } from '../../kernel/message.js'
import type { FileInternals, FileSettings, FsyncPolicy } from '../file.js'
import type { Response } from '../response.js'
import { answer, LineWriter, lineIoOf, Tail, type Written } from '../write-all.js'
import { cannotOpen } from './cannot-open.js'

// Non-blocking, for a FIFO: to open one that nobody reads would hang the thread for good. It means nothing for a file.
const OPEN_FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0)
const NEWLINE = 0x0a

export class OpenFile {
  private readonly path: string
  private readonly fsync: FsyncPolicy
  private readonly handle: FileHandle
  private readonly lines: LineWriter
  private readonly sync: () => Promise<void>

  constructor(
    path: string,
    fsync: FsyncPolicy,
    handle: FileHandle,
    lines: LineWriter,
    sync: () => Promise<void>,
  ) {
    this.path = path
    this.fsync = fsync
    this.handle = handle
    this.lines = lines
    this.sync = sync
  }

  async write(batch: readonly Message[]): Promise<Response[]> {
    const written = await this.lines.write(batch)
    return answer(batch, this.fsync === 'batch' ? await this.synced(written) : written, `file: ${this.path}`)
  }

  async close(): Promise<void> {
    await this.lines.close()
    try {
      if (this.fsync === 'close') await this.sync()
    } catch (error) {
      const text = `file: ${this.path}: its last lines may not be on the disk: ${messageOf(error)}`
      throw new MillraceError('ERR_SINK', text, { cause: error })
    } finally {
      await this.handle.close()
    }
  }

  /** What was written counts only once it is on the disk; where that fails, nobody knows how much of it is. */
  private async synced(written: Written): Promise<Written> {
    try {
      if (written.count > 0) await this.sync()
      return written
    } catch (error) {
      return { count: 0, error }
    }
  }
}

/** Opens it, and makes it where it is missing. Rejects with ERR_OPEN, which names the path and what to do. */
export async function openFile(
  { path, fsync, format }: FileSettings,
  internals: FileInternals,
): Promise<OpenFile> {
  const { datasync = (handle) => handle.datasync(), ...io } = internals
  let handle: FileHandle | undefined
  try {
    handle = await open(path, OPEN_FLAGS)
    const opened = await handle.stat()
    const torn = opened.isFile() && opened.size > 0 && (await lastByte(path, opened.size)) !== NEWLINE
    const lineOf = format === 'raw' ? rawLine : await createJsonLine()
    const lines = new LineWriter(handle.fd, lineOf, { ...lineIoOf(handle.fd), ...io }, new Tail(torn))
    await lines.endTornLine()
    if (fsync !== 'never' && opened.isFile() && opened.size === 0) await syncDirectory(path)
    const sync = opened.isFile() ? datasync.bind(undefined, handle) : async () => {}
    return new OpenFile(path, fsync, handle, lines, sync)
  } catch (error) {
    await handle?.close()
    throw cannotOpen(path, error)
  }
}

/** Without it a power loss may take a new file away, name and all. Some systems can't sync a directory, and need not. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(dirname(path), 'r').catch(() => undefined)
  await directory?.sync().catch(() => undefined)
  await directory?.close()
}

async function lastByte(path: string, size: number): Promise<number> {
  const reader = await open(path, 'r')
  try {
    const { buffer } = await reader.read({ buffer: Buffer.alloc(1), position: size - 1 })
    return buffer[0]
  } finally {
    await reader.close()
  }
}

function rawLine(message: Message): Uint8Array {
  return message.value
}

/** Loads the envelope only where it is wanted. */
async function createJsonLine(): Promise<(message: Message) => Uint8Array> {
  const { envelopeOf } = await import('../../kernel/envelope.js')
  return (message) => Buffer.from(envelopeOf(message))
}
