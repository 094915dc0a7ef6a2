// What a sink actor is told, and the memory that it works on.

import type { Cell } from '../kernel/cell.js'
import type { Counters } from '../kernel/counters.js'
import type { RetryStrategy } from '../kernel/retry.js'
import type { Sink } from '../sinks/sink.js'
import type { TracedSink } from './actor-tracing.js'
import type { Journal } from './begun-notes.js'
import type { Death, PoisonEnd } from './death.js'
import type { Intake } from './intake.js'
import type { Order } from './order.js'
import type { Parking } from './parking.js'
import type { SinkOutlet } from './sink-outlet.js'
import type { Waiter } from './sink-queue.js'

export type SinkOptions = {
  name: string
  role: 'sink' | 'fallback' | 'onSuccess'
  sink: Sink
  order: Order
  retry: RetryStrategy
  writeTimeoutMs: number
  batchMax: number
  concurrency: number
  /** True where copies of a message may meet here, or messages of several readers. */
  idsMayRepeat: boolean
  /** After how many contract breaches the topology stops. */
  contractBreaches: number
  /** Deaths of the thread while a record is alone with the sink that make it poison. */
  poisonAfter: number
  poisonTo: PoisonEnd
  /** Told of each write that takes too long, where writes are traced. */
  gaveUp?: TracedSink['gaveUp'] | undefined
}

export type SinkMemory = {
  cell: Cell
  intake: Intake
  parking: Parking<Waiter>
  outlet: SinkOutlet
  counters: Counters
  /** How the predecessor died, if there was one. */
  death?: Death | undefined
  /** Where it is noted what the sink is given, if that is to outlive the process. */
  journal?: Journal | undefined
}
