// Lanes (O1): what order, partitioning over threads, parking and retry go by.

import { mix } from './shares.js'

export const LANE_COUNT = 4096
/** The lane of a message without keys, or of a topology that needs none. */
export const NO_LANE = 0

/** Gives the lane of a list of keys, 1 to 4,096, or NO_LANE for no keys. Collisions only delay. */
export function laneOf(keys: readonly string[] | undefined): number {
  if (keys === undefined || keys.length === 0) return NO_LANE
  if (!Array.isArray(keys)) throw new TypeError(`keys are an array of strings, not ${typeof keys}`)
  let hash = keys.length
  for (const key of keys) {
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
    hash = Math.imul(hash ^ 0x1f, 0x01000193)
  }
  return 1 + (mix(hash) & (LANE_COUNT - 1))
}
