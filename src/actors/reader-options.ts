// What a reader is told, and the memory that it works on.

import type { Cancellation } from '../kernel/cancellation.js'
import type { Cell } from '../kernel/cell.js'
import type { Counters } from '../kernel/counters.js'
import type { Inbound } from '../kernel/inbound.js'
import type { Outbound } from '../kernel/outbound.js'
import type { Shares } from '../kernel/shares.js'
import type { Source } from '../sources/source.js'
import type { RecordTrace } from './actor-tracing.js'
import type { Branches } from './branches.js'
import type { Order } from './order.js'

export type ReaderOptions = {
  name: string
  source: Source
  order: Order
  /** Roots unsettled at once. */
  inFlightMax: number
  valueBytesMax: number
  maxDeliveries: number
  /** True where the topology has a fallback sink. */
  hasFallback: boolean
  /** Called once, when reading has ended and everything is settled and told. */
  onDone: () => void
  /** What follows the records, where they are traced. */
  trace?: RecordTrace | undefined
}

export type ReaderMemory = {
  cell: Cell
  /** Settlements. */
  inbounds: readonly Inbound[]
  outbounds: readonly Outbound[]
  /** Where the outbounds lead to branches. */
  branches?: Branches | undefined
  shares: Shares
  counters: Counters
  epoch: number
  /** Where the source cancels. */
  cancellation?: Cancellation | undefined
}
