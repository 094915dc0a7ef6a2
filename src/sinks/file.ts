// A sink that appends to a file, a line a message. It never truncates it, and creates no directories.
// A file that is renamed or removed meanwhile is written to until the sink is closed. A FIFO or a device will do for a file.

import { constants } from 'node:fs'
import { access, type FileHandle, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { assert, MillraceError, messageOf } from '../kernel/failure.js'
import type { Message } from '../kernel/message.js'
import { checkNames, unusable } from '../kernel/options.js'
import type { Sink } from './sink.js'
import { answer, codeOf, type LineIo, LineWriter, lineIoOf, Tail, type Written } from './write-all.js'

export type FileOptions = {
  /** Relative to the working directory. */
  path: string
  /**
   * When what is written goes from the system's memory to the disk.
   * 'batch' (or true): before each batch is answered. An ok survives a power loss.
   * 'close', the default: when the sink is closed. An ok survives any crash of the process, but a power loss only after that.
   * 'never' (or false): when the system likes. As 'close', and a power loss soon after a clean end may lose lines too.
   */
  fsync?: boolean | FsyncPolicy
  /**
   * 'raw', the default: the value and a newline. 'json': one envelope a line, with id, keys, tags, headers (of a dead letter also
   * why it is one), eventTime and value, of which `millrace replay` makes the message again.
   */
  format?: FileFormat
}
export type FileFormat = 'raw' | 'json'
export type FsyncPolicy = 'batch' | 'close' | 'never'

/** What tests replace. */
export type FileInternals = Partial<LineIo> & { datasync?: (handle: FileHandle) => Promise<void> }

type Checked = { path: string; fsync: FsyncPolicy; format: FileFormat }
type OpenFile = { handle: FileHandle; lines: LineWriter; sync(): Promise<void> }

// Non-blocking, for a FIFO: to open one that nobody reads would hang the thread for good. It means nothing for a file.
const OPEN_FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0)
const NEWLINE = 0x0a

/**
 * Makes a sink that appends each message's value and a newline to a file, a batch in one write; it creates the file. With
 * format 'json' a line is the whole message.
 * Ok: the line is in the file, as durable as `fsync` says. Failure: it is not, nor are those of the messages after it; where
 * the fsync failed, they may be there. After a fault a part of a line may be there, and stays, on a line of its own, as does
 * a torn last line that `open` finds.
 * A raw value with newlines is written as it is, and gives several lines; a tombstone gives an empty one.
 * `open` rejects with ERR_OPEN, which names the path and what to do.
 */
export function file(options: FileOptions, internals: FileInternals = {}): Sink {
  const checked = checkFileOptions(options)
  const { path, fsync } = checked
  let opened: OpenFile | undefined
  return {
    name: 'file',
    ordered: true,
    async check() {
      await checkPath(path)
    },
    files: () => [path],
    async open() {
      opened = await openFile(checked, internals)
    },
    async write(batch) {
      assert(opened !== undefined, 'file: open comes before write')
      const written = await opened.lines.write(batch)
      return answer(batch, fsync === 'batch' ? await synced(opened, written) : written, `file: ${path}`)
    },
    async close() {
      const last = opened
      opened = undefined
      if (last !== undefined) await closeFile(last, path, fsync)
    },
  }
}

function checkFileOptions(options: FileOptions): Checked {
  checkNames('file', options, ['path', 'fsync', 'format'], "{ path: 'a.txt' }")
  const { path, fsync = 'close', format = 'raw' } = options
  if (typeof path !== 'string' || path === '') throw unusable('file: path', path, 'a path')
  if (format !== 'raw' && format !== 'json') throw unusable('file: format', format, "'raw' or 'json'")
  if (fsync === true) return { path, fsync: 'batch', format }
  if (fsync === false) return { path, fsync: 'never', format }
  if (fsync !== 'batch' && fsync !== 'close' && fsync !== 'never') {
    throw unusable('file: fsync', fsync, "'batch', 'close', 'never', true or false")
  }
  return { path, fsync, format }
}

/** Rejects where it could not be opened; creates nothing. */
async function checkPath(path: string): Promise<void> {
  try {
    const known = await stat(path).catch((error) => {
      if (codeOf(error) !== 'ENOENT') throw error
    })
    if (known?.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' })
    // A file that is to be created needs its directory; a FIFO need not be read.
    if (known === undefined) await access(dirname(path), constants.W_OK | constants.X_OK)
    else await access(path, known.isFile() ? constants.R_OK | constants.W_OK : constants.W_OK)
  } catch (error) {
    throw cannotOpen(path, error)
  }
}

async function openFile({ path, fsync, format }: Checked, internals: FileInternals): Promise<OpenFile> {
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
    return { handle, lines, sync }
  } catch (error) {
    await handle?.close()
    throw cannotOpen(path, error)
  }
}

async function closeFile({ handle, lines, sync }: OpenFile, path: string, fsync: FsyncPolicy): Promise<void> {
  await lines.close()
  try {
    if (fsync === 'close') await sync()
  } catch (error) {
    const text = `file: ${path}: its last lines may not be on the disk: ${messageOf(error)}`
    throw new MillraceError('ERR_SINK', text, { cause: error })
  } finally {
    await handle.close()
  }
}

/** What was written counts only once it is on the disk; where that fails, nobody knows how much of it is. */
async function synced(opened: OpenFile, written: Written): Promise<Written> {
  try {
    if (written.count > 0) await opened.sync()
    return written
  } catch (error) {
    return { count: 0, error }
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

/** Loads the envelope only where it is wanted: every thread imports this file. */
async function createJsonLine(): Promise<(message: Message) => Uint8Array> {
  const { envelopeOf } = await import('../kernel/envelope.js')
  return (message) => Buffer.from(envelopeOf(message))
}

function cannotOpen(path: string, error: unknown): MillraceError {
  return new MillraceError('ERR_OPEN', `file: ${path}: ${explain(error, path)}`, { cause: error })
}

function explain(error: unknown, path: string): string {
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `there is no directory ${dirname(path)}: create it first`
    case 'EISDIR':
      return 'it is a directory: give the path of a file in it'
    case 'EACCES':
    case 'EPERM':
      return 'access is denied: let this user write it, create it, and read it (to find a torn last line)'
    case 'ENXIO':
      return 'nobody reads this FIFO: start its reader first'
    default:
      return messageOf(error)
  }
}
