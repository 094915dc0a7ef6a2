// What a mapper is told, and the memory that it works on.

import type { Cancellation } from '../kernel/cancellation.js'
import type { Cell } from '../kernel/cell.js'
import type { Counters } from '../kernel/counters.js'
import type { Inbound } from '../kernel/inbound.js'
import type { Outbound } from '../kernel/outbound.js'
import type { RetryStrategy } from '../kernel/retry.js'
import type { Shares } from '../kernel/shares.js'
import type { TracedHandler } from './actor-tracing.js'
import type { Journal } from './begun-notes.js'
import type { Branches } from './branches.js'
import type { Death, PoisonEnd } from './death.js'
import type { Degradation } from './degradation.js'
import type { Intake } from './intake.js'
import type { MapHandler } from './map-handler.js'
import type { MapTask } from './map-task.js'
import type { Order } from './order.js'
import type { Parking } from './parking.js'

export type MapperOptions = {
  name: string
  /** Name of its stage. */
  stage: string
  handler: MapHandler
  order: Order
  /** Async calls in flight. */
  concurrency: number
  handlerTimeoutMs: number
  retry: RetryStrategy
  /** Deaths of the thread in a record's handler that make it poison. */
  poisonAfter: number
  poisonTo: PoisonEnd
  rekey: boolean
  valueBytesMax: number
  /** Told of each call that takes too long, where calls are traced. */
  gaveUp?: TracedHandler['gaveUp'] | undefined
  /** Where another handler stands in for this one: it is part of `handler`, and told how calls ended. */
  degradation?: Degradation | undefined
}

/** What a mapper works on: all of it outlives the mapper. */
export type MapperMemory = {
  cell: Cell
  /** All inbounds of the cell, the parking's included. */
  inbounds: readonly Inbound[]
  intake: Intake
  outbounds: readonly Outbound[]
  /** Where the outbounds lead to branches. */
  branches?: Branches | undefined
  parking: Parking<MapTask>
  shares: Shares
  counters: Counters
  /** Number of the thread within the stage. */
  thread: number
  /** Where the source cancels. */
  cancellation?: Cancellation | undefined
  /** Number of the actor, from 0. */
  number: number
  /** How the predecessor died, if there was one. */
  death?: Death | undefined
  /** Where it is noted what user code is called for, if that is to outlive the process. */
  journal?: Journal | undefined
}
