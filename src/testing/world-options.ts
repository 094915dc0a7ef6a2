// What a world is made of, and who is told what happens in it.

import type { Random } from '../kernel/clock.js'
import type { CrashPoint } from '../kernel/crash.js'
import type { Source } from '../sources/source.js'
import type { MemoryStart } from '../topology/memory.js'
import type { Topology } from '../topology/types.js'
import type { World } from './world.js'
import type { DeathPlace } from './world-deaths.js'
import type { WorldStory } from './world-story.js'
import type { WorldThread } from './world-thread.js'

export type WorldOptions = {
  topology: Topology
  /** Where the source says `threads`, that of each: in a world all are in one loop. */
  sources?: readonly Source[]
  random: Random
  /** Capacity of each mailbox; default: by limits.messageBytes. */
  capacityBytes?: number
  /** Where positions and sequences begin: near the wrap, say. */
  start?: MemoryStart
  /** Chance that somebody's death is chosen, for each event, 0 to 1. */
  crashRate?: number
  /** A crash point at which threads die more often. */
  focus?: CrashPoint
  /** The most deaths. */
  deathsMax?: number
  /** Which threads may die. Default: all. */
  mayCrash?: (thread: string) => boolean
  /** What dies: a thread of the plan with all of its actors; or a single actor, as if each had a thread of its own. */
  unit?: 'thread' | 'actor'
  /** Chance that a ring is lost. */
  lostRate?: number
  /** Breaks C6, to see that it is seen: a successor opens while its predecessor goes on for some steps. */
  hasGhosts?: boolean
  /** How long a call of user code takes, in virtual ms. */
  delayMs?: () => number
  /** How long a call of user code may really take. */
  realMsMax?: number
  /** Events after which the world gives up. */
  eventsMax?: number
  story?: WorldStory
  observer?: WorldObserver
  /** Opens the source or the sinks that a thread hosts, in each of its lives. */
  open?: (world: World, thread: WorldThread) => Promise<void>
}

/** Who is told what happens. */
export type WorldObserver = {
  died(thread: WorldThread, place: DeathPlace): void
  opened(thread: WorldThread): void
  stepped(actorNumber: number): void
}
