// `millrace run --restarts N`: a parent process that starts the run again after a crash, which the run itself cannot survive:
// heap exhaustion, a native crash, the OOM killer. It passes signals on, and ends as the last run did.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { durationText } from './format.js'
import type { Io } from './io.js'

/** A run that lasted so long starts the count anew. */
const STABLE_MS = 60_000
const DELAY_MS = 100
const DELAY_MS_MAX = 30_000
/** Exit codes by which a run says itself how it ended; what is above is a signal's, or a crash's. */
const OWN_CODE_MAX = 2

export type Ended = { code: number | null; signal: NodeJS.Signals | null }

export type RestartsOptions = {
  /** Arguments of the run: the module and its options. */
  args: readonly string[]
  restartsMax: number
  io: Io
  /** Starts one run. */
  start?: (args: readonly string[], env: NodeJS.ProcessEnv) => ChildProcess
}

/** Runs it, again and again if need be, and gives the exit code of the last run. */
export async function runWithRestarts({
  args,
  restartsMax,
  io,
  start = startRun,
}: RestartsOptions): Promise<number> {
  // Where the runs note what is in user code: a record that kills the process is known in the next one.
  const given = io.env.MILLRACE_STATE || undefined
  const own = given === undefined ? mkdtempSync(join(tmpdir(), 'millrace-state-')) : undefined
  const state = given ?? own
  const family = new Family(io)
  try {
    for (let restarts = 0; ; restarts++) {
      const startedMs = io.now()
      const ended = await family.run(start(args, { ...io.env, MILLRACE_STATE: state }))
      const code = exitCodeOf(ended)
      // One that was asked to end before it listened had read nothing: that is as good as a drain.
      if (family.isEnding && (ended.signal === 'SIGTERM' || ended.signal === 'SIGINT')) return 0
      if (family.isEnding || !isCrash(ended)) return code
      if (io.now() - startedMs >= STABLE_MS) restarts = 0
      const how = ended.signal === null ? `with exit code ${ended.code}` : `by ${ended.signal}`
      if (restarts >= restartsMax) {
        io.stderr.write(
          `millrace: the run crashed ${how}, and has been started again ${restarts} times: given up\n`,
        )
        return code
      }
      const delayMs = Math.min(DELAY_MS_MAX, DELAY_MS * 2 ** restarts)
      const again = `started again in ${durationText(delayMs)} (${restarts + 1} of ${restartsMax})`
      io.stderr.write(`millrace: the run crashed ${how}: ${again}\n`)
      await family.pause(delayMs)
      if (family.isEnding) return code
    }
  } finally {
    family.end()
    if (own !== undefined) rmSync(own, { recursive: true, force: true })
  }
}

/** Tells whether a run did not end by itself. */
export function isCrash({ code, signal }: Ended): boolean {
  return signal !== null || (code !== null && code > OWN_CODE_MAX)
}

/** Gives what a shell would give: 128 and the signal's number. */
export function exitCodeOf({ code, signal }: Ended): number {
  if (code !== null) return code
  return 128 + (SIGNALS[signal as string] ?? 0)
}

const SIGNALS: Record<string, number> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
}

/** The child that runs now, and the signals that are passed on to it. */
class Family {
  /** True once a signal has asked for the end: then nothing is started again. */
  isEnding = false
  private readonly io: Io
  private child: ChildProcess | undefined
  private stopPause: (() => void) | undefined
  private isOver = false

  constructor(io: Io) {
    this.io = io
    for (const signal of ['SIGINT', 'SIGTERM'] as const) io.signals.on(signal, () => this.passOn(signal))
  }

  run(child: ChildProcess): Promise<Ended> {
    this.child = child
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code, signal) => {
        this.child = undefined
        resolve({ code, signal })
      })
    })
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      // Nothing else keeps the process alive now.
      const stop = this.io.after(ms, resolve, true)
      this.stopPause = () => {
        stop()
        resolve()
      }
    })
  }

  /** From here on signals do nothing. */
  end(): void {
    this.isOver = true
  }

  private passOn(signal: NodeJS.Signals): void {
    if (this.isOver) return
    this.isEnding = true
    this.stopPause?.()
    // One that reaches the whole group comes to the child twice, and is one wish there.
    this.child?.kill(signal)
  }
}

function startRun(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const main = process.argv[1] as string
  return spawn(process.execPath, [...process.execArgv, main, 'run', ...args], { env, stdio: 'inherit' })
}
