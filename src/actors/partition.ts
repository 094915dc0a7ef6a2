// Which of several outbounds a message takes.

import { NO_LANE } from '../kernel/lane.js'
import type { Outbound } from '../kernel/outbound.js'

/** By lane, so that a lane is served by one thread (O1); without one by sequence, so that all are served alike. */
export function outboundFor(outbounds: readonly Outbound[], lane: number, sequence: number): Outbound {
  return outbounds[(lane === NO_LANE ? (sequence | 0) >>> 0 : lane) % outbounds.length]
}

/** Mixes a sequence, for the messages of one branch: theirs may all be even, and would all take one of two outbounds. */
export function mixed(sequence: number): number {
  return Math.imul(sequence | 0, 0x9e37_79b1) >>> 16
}
