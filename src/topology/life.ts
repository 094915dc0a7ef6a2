// What lives are given: that of an actor, and that of a thread with its actors.

import type { ActorTracing } from '../actors/actor-tracing.js'
import type { Journal } from '../actors/begun-notes.js'
import type { Death } from '../actors/death.js'
import type { BegunFiles } from './begun-files.js'

/** What one life of an actor is given. */
export type Life = {
  /** Unique to the run (S3). */
  runKey: readonly [number, number]
  /** Number of this life of the actor, from 0. */
  incarnation: number
  /** How the life before ended, if there was one. */
  death?: Death | undefined
  /** Where it is noted what user code is called for, if that is to outlive the process. */
  journal?: Journal | undefined
  /** Of its thread, if it is traced. */
  tracing?: ActorTracing | undefined
  /** Called when the reader has nothing left to do. */
  onDone: () => void
}

/** What one life of a thread is given. */
export type CrewLife = Omit<Life, 'onDone' | 'death' | 'journal' | 'tracing'> & {
  /** Of the process, if it is to be noted what user code is called for. */
  begun?: BegunFiles | undefined
  /** `blamed`: the actors whose records it is held against. */
  death?: (Omit<Death, 'isBlamed'> & { blamed: readonly string[] }) | undefined
}
