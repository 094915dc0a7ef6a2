// How a thread died, as its successor is told, and what that means for a record that was alone in user code each time (H1).

import { type ErrorRecord, fromErrorRecord } from '../kernel/failure.js'
import type { Message } from '../kernel/message.js'
import { deliveriesOf } from '../kernel/suspicion.js'
import type { Failure } from './records.js'

export type Death = {
  /** A sentence: `exited with code 3`, `was ended: its loop has not turned for 30,000 ms`. */
  reason: string
  /** What it threw, if it threw. */
  error?: ErrorRecord | undefined
  /** True where nobody else on the thread was in user code: it is held against the record that was alone in it. */
  isBlamed: boolean
}

/** What becomes of a record that is poison: a source that cannot give it again may be told; from another it would come back. */
export type PoisonEnd = 'fallback' | 'nack' | 'stop'

/** Why a record is poison. */
export function poisonOf(message: Message, stage: string, death: Death | undefined): Failure {
  const deliveries = deliveriesOf(message.inbound.ring.words, message.at)
  const last = death === undefined ? '' : `; the last time the thread ${death.reason}`
  const error = death?.error === undefined ? undefined : fromErrorRecord(death.error)
  const reason = `poison: its thread or process died ${deliveries} times while ${stage} had this record alone in hand${last}`
  return { reason, error, attempts: message.attempt - 1 + deliveries, stage }
}
