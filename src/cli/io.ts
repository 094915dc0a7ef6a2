// What the command line touches of its process, in one object: tests hand in another.

import type { DestinationStream } from 'pino'
import { systemClock, wallClockMs } from '../kernel/clock.js'
import { statDescriptor } from '../kernel/stat-descriptor.js'
import { onFullDisk } from './full-disk.js'
import { loadPino } from './load-pino.js'

export type Terminal = { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number }

export type Io = {
  readonly stdout: Terminal
  readonly stderr: Terminal
  /** True where a reader of stdout may go away: `millrace … | head`. */
  readonly stdoutIsPipe: boolean
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signals: {
    on(name: string, listener: () => void): unknown
    off(name: string, listener: () => void): unknown
  }
  /** True for the first process, of a container too: no signal ends it that it does not listen for. */
  readonly isFirstProcess: boolean
  /** Calls it with what was thrown, or rejected, and caught by nobody, until the returned function is called. */
  onStray(listener: (thrown: unknown) => void): () => void
  /** Calls it with the code where the process ends by another hand than ours, until the returned function is called. */
  onExit(listener: (code: number) => void): () => void
  /** Where log lines go as JSON. */
  logDestination(): DestinationStream
  /** Milliseconds of a clock that never goes back. */
  now(): number
  /** Milliseconds since 1970. */
  wallClock(): number
  /** Calls it every so many ms until the returned function is called; does not keep the process alive. */
  every(ms: number, call: () => void): () => void
  /** Calls it once, later; as above, unless `keepsAlive`. */
  after(ms: number, call: () => void, keepsAlive?: boolean): () => void
  /** Ends the process at once. */
  exit(code: number): void
}

/** Gives the real one. */
export function processIo(): Io {
  // A reader that went away is no error of ours: sinks get their own, and what we say is for nobody.
  process.stderr.on('error', () => {})
  onFullDisk(process.stdout, (line) => {
    process.stderr.write(line)
    process.once('exit', (code) => {
      if (code === 0) process.exitCode = 1
    })
  })
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdoutIsPipe: isPipe(1),
    cwd: process.cwd(),
    env: process.env,
    signals: process,
    isFirstProcess: process.pid === 1,
    onStray(listener) {
      process.on('uncaughtException', listener).on('unhandledRejection', listener)
      return () => process.off('uncaughtException', listener).off('unhandledRejection', listener)
    },
    onExit(listener) {
      process.prependListener('exit', listener)
      return () => process.off('exit', listener)
    },
    logDestination: () => loadPino().destination({ fd: 2, sync: true }),
    now: systemClock.now,
    wallClock: wallClockMs,
    every(ms, call) {
      const timer = setInterval(call, ms).unref()
      return () => clearInterval(timer)
    },
    after(ms, call, keepsAlive = false) {
      const timer = setTimeout(call, ms)
      if (!keepsAlive) timer.unref()
      return () => clearTimeout(timer)
    },
    exit: (code) => process.exit(code),
  }
}

function isPipe(descriptor: number): boolean {
  try {
    const stat = statDescriptor(descriptor)
    return stat.isFIFO() || stat.isSocket()
  } catch {
    return false
  }
}
