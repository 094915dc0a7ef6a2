// The memory of cancellations (cancellation.ts), for whoever makes it and touches nothing in it.

import { cancelRingByte } from './layout.js'

/** Bytes of a key. */
export const CANCEL_KEY_BYTES = 8

/** Makes it for so many slots, of each reader a power of two from 2 on, and so many listeners. */
export function createCancellationMemory(slots: number, listeners: number): SharedArrayBuffer {
  return new SharedArrayBuffer(cancelRingByte(listeners) + slots * CANCEL_KEY_BYTES)
}

/** Gives the slots for so many records in flight: those of a source that counts its records never share one. */
export function cancelSlotsFor(inFlightMax: number): number {
  return 2 ** Math.ceil(Math.log2(2 * inFlightMax))
}
