// The moments at which a process is killed: some while it starts, most while it works.

import { until } from './until.mjs'

/** Of the moments, so many are within the start. */
const EARLY = 0.2
const START_MS_MAX = 500
const TIMEOUT_MS = 30_000

/**
 * Resolves at a random moment: after some ms, or when the sink's ledger has grown by some bytes. Gives false where the process ended before.
 * @param {import('./scene.mjs').Scene} scene
 * @param {import('./child.mjs').Child} child
 * @param {import('./random.mjs').Random} random
 * @param {number} bytesMax
 */
export async function killMoment(scene, child, random, bytesMax) {
  const sizeBefore = scene.sizeOf('sink')
  const isEarly = random.next() < EARLY
  const startMs = random.next() * START_MS_MAX
  const growth = 1 + Math.floor(random.next() * bytesMax)
  const isDue = () =>
    isEarly ? performance.now() - child.startedMs >= startMs : scene.sizeOf('sink') - sizeBefore >= growth
  await until('the moment to kill', () => child.isOver || isDue(), TIMEOUT_MS)
  return !child.isOver
}
