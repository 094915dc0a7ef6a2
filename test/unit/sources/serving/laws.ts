// How long the work of a request takes, in ms.

import type { Random } from '../../../../src/kernel/clock.js'

export type Law = (random: Random, nowMs: number) => number

export const exactly =
  (ms: number): Law =>
  () =>
    ms

export const exponential =
  (meanMs: number): Law =>
  (random) =>
    -Math.log(1 - random()) * meanMs

/** One in a hundred is slow. */
export const bimodal =
  (ms: number, slowMs: number): Law =>
  (random) =>
    random() < 0.01 ? slowMs : ms
