// A sink that appends to a file, a line a message. It never truncates it, and creates no directories.
// A file that is renamed or removed meanwhile is written to until the sink is closed. A FIFO or a device will do for a file.

import type { FileHandle } from 'node:fs/promises'
import { assert } from '../kernel/failure.js'
import { checkNames, unusable } from '../kernel/options.js'
import type { OpenFile } from './file/open-file.js'
import type { Sink } from './sink.js'
import type { LineIo } from './write-all.js'

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

export type FileSettings = { path: string; fsync: FsyncPolicy; format: FileFormat }

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
  const settings = checkFileOptions(options)
  const { path } = settings
  let opened: OpenFile | undefined
  return {
    name: 'file',
    ordered: true,
    check: async () => (await import('./file/check-path.js')).checkPath(path),
    files: () => [path],
    async open() {
      // Every thread imports this file, and one of them writes.
      const { openFile } = await import('./file/open-file.js')
      opened = await openFile(settings, internals)
    },
    async write(batch) {
      assert(opened !== undefined, 'file: open comes before write')
      return opened.write(batch)
    },
    async close() {
      const last = opened
      opened = undefined
      await last?.close()
    },
  }
}

function checkFileOptions(options: FileOptions): FileSettings {
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
