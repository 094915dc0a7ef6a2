// Seeds of runs: unsigned 32-bit numbers. The first run of a campaign has the campaign's own seed, so any run is a campaign of one.

import { MillraceError } from '../../kernel/failure.js'
import { wholeNumber } from '../../kernel/options.js'
import { mix } from '../../kernel/shares.js'
import { show } from '../../kernel/show.js'

const SEEDS = 2 ** 32

/** Throws ERR_CONFIG unless a value can be a seed. */
export function checkSeed(seed: unknown): asserts seed is number {
  if (Number.isInteger(seed) && (seed as number) >= 0 && (seed as number) < SEEDS) return
  throw new MillraceError('ERR_CONFIG', `seed: got ${show(seed)}, wanted ${wholeNumber(0, SEEDS - 1)}`)
}

/** Gives the seed of a campaign's run number `run`, from 0. */
export function seedOfRun(seed: number, run: number): number {
  return run === 0 ? seed : mix(seed + Math.imul(run, 0x9e3779b9)) >>> 0
}
