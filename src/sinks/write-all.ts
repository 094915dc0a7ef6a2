// Writes the messages of a batch as lines to a file descriptor, all of them, in their order, in one write where the system
// takes it: a short write goes on, a full pipe is waited for, a line torn by a fault is ended before the next one begins.
// It never closes the descriptor. It holds one buffer, and reads a message's bytes only until its answer.

import { writeSync, write as writeWithCallback } from 'node:fs'
import { scheduler } from 'node:timers/promises'
import { messageOf } from '../kernel/failure.js'
import type { Message } from '../kernel/message.js'
import { statDescriptor } from '../kernel/stat-descriptor.js'
import { Response } from './response.js'

/** Writes some of the bytes to a descriptor, and gives how many: like fs.write and fs.writeSync. */
export type WriteSome = (
  fd: number,
  bytes: Uint8Array,
  from: number,
  length: number,
) => number | Promise<number>

/** What reaches the system; tests replace it. */
export type LineIo = {
  write: WriteSome
  /** Waits for a full pipe, which has refused `tryCount` times in a row. */
  wait(tryCount: number): Promise<unknown>
}

/** The first `count` messages of the batch were written whole; the others, if any, were not because of the error. */
export type Written = { count: number; error: unknown }

/** How a descriptor was left. Those who write to one descriptor from one thread share it, or their lines would mix. */
export class Tail {
  /** True where the last byte written is not a line's end. */
  torn: boolean
  /** Resolves when the writes that were asked for have ended. */
  turn: Promise<unknown> = Promise.resolve()

  constructor(torn = false) {
    this.torn = torn
  }
}

/** More than this goes out in several writes, cut between lines, so that memory does not grow with the batch. */
const BUFFER_BYTES = 1024 * 1024
const NEWLINE = 0x0a
const WAIT_MS_MAX = 16

export class LineWriter {
  private readonly fd: number
  private readonly lineOf: (message: Message) => Uint8Array
  private readonly io: LineIo
  private readonly buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  /** The buffer, or a larger one for the time of a line that does not fit. */
  private bytes = this.buffer
  /** For each gathered line, where it ends. */
  private readonly ends: number[] = []
  private readonly tail: Tail
  private closing = false

  constructor(fd: number, lineOf: (message: Message) => Uint8Array, io: LineIo, tail: Tail) {
    this.fd = fd
    this.lineOf = lineOf
    this.io = io
    this.tail = tail
  }

  /** Writes a batch; never rejects for what the system says. One that comes before the last has ended waits for it. */
  write(batch: readonly Message[]): Promise<Written> {
    const written = this.tail.turn.then(() => this.writeInTurn(batch))
    this.tail.turn = written.catch(() => undefined)
    return written
  }

  /** Ends a torn line now. Where that fails, the next write begins with it. */
  async endTornLine(): Promise<void> {
    if (!this.tail.torn) return
    this.bytes[0] = NEWLINE
    await this.writeBytes(1)
  }

  /** Gives up waiting for a full pipe; resolves when nothing is being written. */
  async close(): Promise<void> {
    this.closing = true
    await this.tail.turn
  }

  private async writeInTurn(batch: readonly Message[]): Promise<Written> {
    let count = 0
    while (count < batch.length) {
      const length = this.gather(batch, count)
      const { written, error } = await this.writeBytes(length)
      count += this.linesWithin(written)
      this.bytes = this.buffer
      if (error !== undefined) return { count, error }
    }
    return { count, error: undefined }
  }

  /** Copies the lines from message `first` on, as many as the buffer takes and at least one; gives their bytes. */
  private gather(batch: readonly Message[], first: number): number {
    const { ends } = this
    ends.length = 0
    let at = this.tail.torn ? 1 : 0
    for (let i = first; i < batch.length; i++) {
      const line = this.lineOf(batch[i])
      const end = at + line.length + 1
      if (end > this.bytes.length) {
        if (ends.length > 0) break
        this.bytes = Buffer.allocUnsafeSlow(end)
      }
      this.bytes.set(line, at)
      this.bytes[end - 1] = NEWLINE
      ends.push(end)
      at = end
    }
    if (this.tail.torn) this.bytes[0] = NEWLINE
    return at
  }

  /** Writes the first `length` bytes of the buffer, until all are written or the system gives an error. */
  private async writeBytes(length: number): Promise<{ written: number; error: unknown }> {
    let written = 0
    let tryCount = 0
    let error: unknown
    while (written < length && error === undefined) {
      try {
        const some = await this.io.write(this.fd, this.bytes, written, length - written)
        if (some === 0) error = new Error('the system takes no bytes')
        written += some
        tryCount = 0
      } catch (thrown) {
        if (codeOf(thrown) === 'EAGAIN' && !this.closing) await this.io.wait(tryCount++)
        else error = thrown
      }
    }
    if (written > 0) this.tail.torn = this.bytes[written - 1] !== NEWLINE
    return { written, error }
  }

  private linesWithin(written: number): number {
    let count = 0
    while (count < this.ends.length && this.ends[count] <= written) count++
    return count
  }
}

/**
 * Gives the writes of the system that suit a descriptor. A regular file takes them at once, and without the detour over
 * libuv's threads twice as many; anything else may block for as long as its reader likes, and must not block the loop.
 */
export function lineIoOf(fd: number): LineIo {
  return { write: statDescriptor(fd).isFile() ? writeSync : writeAsync, wait: waitForRoom }
}

/** Answers ok for what was written whole, failure for the rest. */
export function answer(batch: readonly Message[], written: Written, where: string): Response[] {
  const text = written.error === undefined ? '' : `${where}: ${messageOf(written.error)}`
  const responses = new Array<Response>(batch.length)
  for (let i = 0; i < batch.length; i++) {
    responses[i] = i < written.count ? Response.ok(batch[i]) : Response.failure(batch[i], text)
  }
  return responses
}

/** Gives an error's code, such as ENOSPC. */
export function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined
}

function writeAsync(fd: number, bytes: Uint8Array, from: number, length: number): Promise<number> {
  return new Promise((resolve, reject) => {
    writeWithCallback(fd, bytes, from, length, null, (error, written) =>
      error ? reject(error) : resolve(written),
    )
  })
}

/** A reader that is awake makes room within a turn of the loop; for one that is not, polling must not cost a core. */
function waitForRoom(tryCount: number): Promise<unknown> {
  return tryCount === 0 ? scheduler.yield() : scheduler.wait(Math.min(WAIT_MS_MAX, 2 ** (tryCount - 1)))
}
