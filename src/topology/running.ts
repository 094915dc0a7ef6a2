// What a running topology shows and takes.

import type { ThreadView } from './hands.js'

/** Counts of everything since the start. read = acked + nacked + inFlight + abandoned, always. */
export type Counts = {
  read: number
  acked: number
  nacked: number
  inFlight: number
  /** Roots of a reader that died: its successor reads them again. */
  abandoned: number
  /** Messages that map handlers returned nothing for. */
  filtered: number
  /** Messages dropped by a decision: onExhausted: 'drop', or a route to 'drop'. */
  dropped: number
  /** Attempts that failed, of handlers and sinks. */
  failed: number
  /** Attempts after the first. */
  retried: number
  /** Messages that sinks accepted. */
  written: number
  fallback: number
  onSuccess: number
  /** Records that killed or hung their thread again and again, and went to the fallback. */
  poisoned: number
  /** Threads that died, or were ended, and went on. */
  restarts: number
}

/** How it stands now. Times in ms; latency is from read to ack. */
export type Progress = Counts & {
  elapsedMs: number
  /** Of the source, where it is known: what it has in all, and what is still to be read, both in `unit`. */
  total: number | undefined
  pending: number | undefined
  unit: 'records' | 'bytes'
  latencyMs: { p50: number; p99: number }
}

/** How it ended. */
export type Summary = Progress & {
  name: string
  /** Acked roots a second, over the whole run. */
  rate: number
  /** True where every record that was read was acked, or the drain was clean. */
  ok: boolean
}

export type ActorView = { name: string; thread: string; counts: Record<string, number> }

/** The plan, with what each actor has done. */
export type Inspection = {
  name: string
  state: 'running' | 'draining' | 'stopped' | 'failed'
  progress: Progress
  /** True while everything works. */
  ready: boolean
  /** What does not, in words: which thread is down and why, which sink fails and since when. */
  troubles: string[]
  actors: ActorView[]
  threads: ThreadView[]
}

export interface Running {
  /** Resolves when it has ended cleanly; rejects with a MillraceError when it failed. */
  readonly finished: Promise<Summary>
  /** How it stands now: reads counters, disturbs nobody. */
  progress(): Progress
  inspect(): Inspection
  /** Stops reading, finishes what is in flight, and ends. Resolves as `finished` does. */
  drain(): Promise<Summary>
  /** Ends at once: what is in flight is nacked. */
  stop(): Promise<Summary>
}
