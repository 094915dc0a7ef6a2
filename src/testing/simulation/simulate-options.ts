// What a user says of a simulation, and what comes of it.

import type { SourceRecord } from '../../sources/source.js'
import type { CampaignFailure } from './campaign.js'

/** A value, or a record without a position: its number in the list is its position. */
export type SimulatedMessage = string | Uint8Array | Omit<SourceRecord, 'offset' | 'partition'>

export type SimulateOptions = {
  /** An unsigned 32-bit number; the first run has it, and the others' follow from it. Default: a new one each time. */
  seed?: number
  /** How many schedules to play. Default 100. */
  runs?: number
  /** What the source gives, in place of the topology's own source. */
  messages?: readonly SimulatedMessage[]
  /** Chance of a thread's death, for each event of the scheduler. Default 0.01. */
  crashRate?: number
  /** The most deaths in one run. Default 10. */
  deathsMax?: number
  /** Chance that a wake-up is lost. Default 0.005. */
  lostRate?: number
  /** True where the topology's own source goes on where `resume` says, so that its thread may die, too. Default false. */
  resumable?: boolean
  /** False where handlers or sinks do not come to the same in every run (chance, time, counters). Default true. */
  compare?: boolean
  /**
   * Gives what really is in the sinks now, by their names: values. It is asked after each run; with it, an answer `ok` for what is
   * not there is seen. Without it a sink's answers are believed.
   */
  accepted?: () =>
    | Readonly<Record<string, readonly (string | Uint8Array)[]>>
    | Promise<Readonly<Record<string, readonly (string | Uint8Array)[]>>>
  /** Bytes of each mailbox, a power of two, at least twice the largest message with its headers. Default 262,144. */
  capacityBytes?: number
  /** Events after which a run counts as one that does not end. Default 200,000. */
  eventsMax?: number
  /** How long a promise of a handler or a sink may really take, in ms, before it counts as one that never settles. Default 5,000. */
  realMsMax?: number
  /** `throw` (default): rejects where a run has failed. `return`: failures are only in the result. */
  onFailure?: 'throw' | 'return'
}

export type SimulateResult = {
  seed: number
  runs: number
  /** Different orders in which things happened. */
  schedules: number
  /** Threads that died. */
  crashes: number
  /** The runs that failed; playing stops at the first. */
  failures: readonly CampaignFailure[]
}
