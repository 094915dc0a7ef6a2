// A process and a running topology that tests script: no stream, signal or timer is real.

import { EventEmitter } from 'node:events'
import type { Io, Terminal } from '../../../src/cli/io.js'
import type { Progress, Running, Summary } from '../../../src/topology/running.js'

export type FakeIo = Io & {
  /** What was written to each stream. */
  readonly out: () => string
  readonly err: () => string
  readonly exits: number[]
  /** Tells whether anybody listens for it. */
  signal(name: 'SIGINT' | 'SIGTERM'): boolean
  /** Throws something that nobody catches. */
  stray(thrown: unknown): void
  /** Ends the process by what is not ours. */
  end(code: number): void
  /** Calls what was to be called every so often. */
  tick(): void
  /** Calls what was to be called later, once. */
  elapse(): void
}

export type FakeOptions = {
  isTTY?: boolean
  columns?: number
  env?: Record<string, string>
  stdoutIsPipe?: boolean
  isFirstProcess?: boolean
}

export function fakeIo({
  isTTY = false,
  columns,
  env = {},
  stdoutIsPipe = true,
  isFirstProcess = false,
}: FakeOptions = {}): FakeIo {
  const stdout = recorder(isTTY, columns)
  const stderr = recorder(isTTY, columns)
  const signals = new EventEmitter()
  const ticks = new Set<() => void>()
  const later = new Set<() => void>()
  const strays = new Set<(thrown: unknown) => void>()
  const ends = new Set<(code: number) => void>()
  const exits: number[] = []
  let nowMs = 0
  return {
    stdout,
    stderr,
    stdoutIsPipe,
    cwd: '/srv',
    env,
    signals,
    isFirstProcess,
    onStray: (listener) => added(strays, listener),
    stray: (thrown) => {
      for (const listener of [...strays]) listener(thrown)
    },
    onExit: (listener) => added(ends, listener),
    end: (code) => {
      for (const listener of [...ends]) listener(code)
    },
    logDestination: () => stderr,
    now: () => nowMs,
    wallClock: () => new Date(2026, 0, 2, 12, 3, 4, 56).getTime(),
    every: (_ms, call) => added(ticks, call),
    after: (_ms, call) => added(later, call),
    exit: (code) => exits.push(code),
    out: () => stdout.text,
    err: () => stderr.text,
    exits,
    signal(name) {
      // A person takes a while from one to the next.
      nowMs += 1000
      return signals.emit(name)
    },
    tick: () => callAll(ticks),
    elapse() {
      const due = [...later]
      later.clear()
      callAll(due)
    },
  }
}

export function progressOf(more: Partial<Progress> = {}): Progress {
  return {
    read: 0,
    acked: 0,
    nacked: 0,
    inFlight: 0,
    abandoned: 0,
    filtered: 0,
    dropped: 0,
    failed: 0,
    retried: 0,
    written: 0,
    poisoned: 0,
    restarts: 0,
    fallback: 0,
    onSuccess: 0,
    elapsedMs: 0,
    total: undefined,
    pending: undefined,
    unit: 'records',
    latencyMs: { p50: 0, p99: 0 },
    ...more,
  }
}

export function summaryOf(more: Partial<Summary> = {}): Summary {
  return { ...progressOf(more), name: 'orders', rate: 0, ok: true, ...more }
}

export type FakeRunning = Running & {
  readonly calls: string[]
  /** What progress() gives. */
  current: Progress
  /** What inspect() names as actors. */
  actors: { name: string; thread: string; counts: Record<string, number> }[]
  end(summary?: Partial<Summary>): void
  fail(error: unknown): void
  /** What stop() comes to; by default it ends with the summary so far. */
  onStop: () => Promise<Summary>
}

export function fakeRunning(): FakeRunning {
  let end: (summary: Summary) => void = () => {}
  let fail: (error: unknown) => void = () => {}
  const finished = new Promise<Summary>((resolve, reject) => {
    end = resolve
    fail = reject
  })
  const running: FakeRunning = {
    finished,
    calls: [],
    current: progressOf(),
    actors: [],
    progress: () => running.current,
    inspect: () => ({
      name: 'orders',
      state: 'running',
      startedAt: '2026-01-01T00:00:00.000Z',
      progress: running.current,
      inFlightMax: 16_384,
      rates: { read: 0, acked: 0, nacked: 0, written: 0, failed: 0 },
      ready: true,
      troubles: [],
      actors: running.actors.map((actor) => ({
        ...actor,
        kind: 'mapper',
        rates: {},
        latencyMs: { p50: 0, p99: 0 },
      })),
      mailboxes: [],
      threads: [],
      source: {},
      memory: { residentBytes: 0, mailboxBytes: 0 },
    }),
    drain() {
      running.calls.push('drain')
      return finished
    },
    stop() {
      running.calls.push('stop')
      return running.onStop()
    },
    onStop() {
      end(summaryOf({ ...running.current, ok: false }))
      return finished
    },
    end: (summary) => end(summaryOf({ ...running.current, ...summary })),
    fail: (error) => fail(error),
  }
  return running
}

/** Lets everything happen that only waits for promises. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function recorder(isTTY: boolean, columns: number | undefined): Terminal & { text: string } {
  const terminal = {
    text: '',
    isTTY,
    columns,
    write(text: string) {
      terminal.text += text
    },
  }
  return terminal
}

function added<T>(set: Set<T>, item: T): () => void {
  set.add(item)
  return () => set.delete(item)
}

function callAll(calls: Iterable<() => void>): void {
  for (const call of [...calls]) call()
}
