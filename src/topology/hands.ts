// What the supervisor works through: the threads of a topology, or its one loop.

import type { LogLevel, LogWriter } from '../kernel/log.js'
import type { Replay } from '../replay/dead-line.js'
import type { TopicReplay } from '../replay/topic-letters.js'
import type { CrewLife } from './life.js'
import type { PlanMemory } from './memory.js'
import type { Plan } from './plan.js'
import type { EndStats } from './stats-of.js'
import type { Topology } from './types.js'

export type HandsOptions = {
  topology: Topology
  plan: Plan
  memory: PlanMemory
  log: LogWriter
  /** What is less than this stays on its thread. */
  logLevel: LogLevel
  life: CrewLife
}

/** On threads, what each of them imports, and puts in the place of the source. */
export type ThreadHandsOptions = HandsOptions & {
  module: string
  fingerprint: string
  replay: Replay | TopicReplay | undefined
}

/** What the supervisor is told. */
export type Reports = {
  /** No reader has anything left to do. */
  done(): void
  /** Something happened that no policy can answer. */
  failed(error: Error): void
  /** What source and sinks of a thread say of themselves. */
  stats(stats: EndStats): void
}

/** How a thread fares. */
export type ThreadView = {
  thread: string
  /** True between a death and the start of the next life. */
  isDown: boolean
  restarts: number
  /** Why its last life ended. */
  lastDeath?: string
}

export interface Hands {
  readonly threads: ThreadView[]
  /** Opens sinks and the source everywhere; rejects with what could not be opened. */
  open(reports: Reports): Promise<void>
  /** Makes all actors step. */
  start(): void
  /** Stops reading. */
  drain(): void
  /** Nacks what is in flight. */
  abandon(reason: string): Promise<void>
  /** Stops all actors, closes sinks and source; rejects with the first that could not be closed. */
  stop(): Promise<void>
  /** Ends what is left, whatever it does. */
  kill(): Promise<void>
}
