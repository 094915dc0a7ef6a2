// A readable stream of an open file descriptor, on any thread: `process.stdin` is the main thread's only.

import { createReadStream, read } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { isatty, ReadStream } from 'node:tty'
import { statDescriptor } from '../../kernel/stat-descriptor.js'

/** Makes the stream. Pipes, sockets and terminals wait in the event loop: a read that blocks a thread would hold up the exit. */
export function streamOf(fd: number, chunkBytes: number): Readable {
  if (isatty(fd)) return new ReadStream(fd)
  const stat = statDescriptor(fd)
  if (stat.isDirectory()) throw new Error('EISDIR: it is a directory, wanted a file or a pipe')
  if (stat.isFIFO() || stat.isSocket()) return new Socket({ fd, readable: true, writable: false })
  return createReadStream('', { fd, fs: { read, close: leaveOpen }, highWaterMark: chunkBytes })
}

/** Standard input stays open, as libuv leaves it for the other kinds: its number would go to the next file opened. */
function leaveOpen(_fd: number, then: (error: null) => void): void {
  then(null)
}
