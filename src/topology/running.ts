// What a running topology shows and takes: the contract of programs, of the command line, and of the admin port.

import type { ThreadView } from './hands.js'
import type { ActorKind } from './plan.js'
import type { TagCondition } from './types.js'

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

/** What an actor logged last as a warning or an error, or why it tries something again (`debug`), cut to some hundred characters. */
export type LastError = {
  message: string
  level: 'debug' | 'warn' | 'error' | 'fatal'
  /** ISO 8601. */
  timestamp: string
}

export type ActorView = {
  name: string
  kind: ActorKind
  thread: string
  /** Of a mapper: its stage, or branch of a stage. */
  stage?: string
  /** Of a mapper: number of its stage, from 0; branches of one stage have the same. */
  level?: number
  /** Of a mapper of a branch: which messages it takes; null for all that no other takes. */
  when?: TagCondition | null
  /** Of a sink. */
  role?: 'sink' | 'fallback' | 'onSuccess'
  /** Of a reader or sink: which of several clients does the work, where there is a choice. */
  driver?: string
  /** Of a sink: what it says of itself, if it does. One that has several roles says it in the first. */
  stats?: Record<string, number>
  /** Since the start; those that are zero are left out. */
  counts: Record<string, number>
  /** A second, over the last seconds, of all counts that only grow; those that are zero are left out. */
  rates: Record<string, number>
  /** Of the last seconds: of a reader from read to ack, of a mapper of the handler, of a sink of a write. 0 where there was none. */
  latencyMs: { p50: number; p99: number }
  lastError?: LastError
}

/** `from` and `to` are actors: the same one twice is where its messages wait. */
export type MailboxView = { from: string; to: string; capacityBytes: number; usedBytes: number }

/** The plan, with what each actor has done. */
export type Inspection = {
  name: string
  state: 'running' | 'draining' | 'stopped' | 'failed'
  /** ISO 8601. */
  startedAt: string
  progress: Progress
  /** limits.inFlight: with so many in flight nothing more is read. */
  inFlightMax: number
  /** A second, over the last seconds. */
  rates: Record<'read' | 'acked' | 'nacked' | 'written' | 'failed', number>
  /** True while everything works. */
  ready: boolean
  /** What does not, in words: which thread is down and why, which sink fails and since when. */
  troubles: string[]
  /** Map threads whose degrade handler stands in, in words, if there are any: that is no trouble. */
  degraded?: string[]
  /** What it failed with. */
  failure?: { code: string; message: string }
  actors: ActorView[]
  mailboxes: MailboxView[]
  threads: ThreadView[]
  /** What its source says of itself, if it does. */
  source: Record<string, number>
  memory: { residentBytes: number; mailboxBytes: number }
}

export interface Running {
  /** Resolves when it has ended cleanly; rejects with a MillraceError when it failed. */
  readonly finished: Promise<Summary>
  /** How it stands now: reads counters, disturbs nobody. */
  progress(): Progress
  inspect(): Inspection
  /** Where its admin port is, if it has one. */
  readonly admin?: { readonly url: string; readonly port: number } | undefined
  /** Stops reading, finishes what is in flight, and ends. Resolves as `finished` does. */
  drain(): Promise<Summary>
  /** Ends at once: what is in flight is nacked. */
  stop(): Promise<Summary>
}
