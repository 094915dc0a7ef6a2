// Randomised cases, by fast-check where it is installed: they print their seed, and run again with it.

import assert from 'node:assert/strict'
import { systemRandom } from '../kernel/clock.js'
import { messageOf } from '../kernel/failure.js'
import { notRun } from './case.js'

export type FastCheck = typeof import('fast-check')

export type RandomOptions = { seed: number | undefined; runs: number; timeoutMs: number }

const SHOWN_CHARS = 2_000

/**
 * Checks many random inputs, made by `arbitraryOf`; throws an AssertionError with the rule that broke, the smallest input
 * found and the seed. Without fast-check it says loudly that nothing was checked.
 */
export async function checkRandom<T>(
  rule: string,
  { seed = Math.floor(systemRandom() * 2 ** 31), runs, timeoutMs }: RandomOptions,
  arbitraryOf: (fc: FastCheck) => import('fast-check').Arbitrary<T>,
  check: (input: T) => Promise<void>,
  load: () => Promise<FastCheck> = () => import('fast-check'),
): Promise<void> {
  const fc = await loaded(load)
  if (!fc) return notRun(rule, 'fast-check is not installed (npm install --save-dev fast-check)')
  console.info(`millrace/testing: ${rule}: seed ${seed}`)
  const property = fc.asyncProperty(arbitraryOf(fc), check)
  const found = await fc.check(property, { seed, numRuns: runs, interruptAfterTimeLimit: timeoutMs })
  if (!found.failed) return
  const input = fc.stringify(found.counterexample?.[0])
  const shown = input.length > SHOWN_CHARS ? `${input.slice(0, SHOWN_CHARS)}…` : input
  const message = `${rule}: ${messageOf(found.errorInstance)}\nFound by ${shown}\nRun it again with { seed: ${seed} }.`
  throw Object.assign(new assert.AssertionError({ message }), { cause: found.errorInstance })
}

/** Only its absence is no error: what is there and fails to load must be heard of. */
async function loaded(load: () => Promise<FastCheck>): Promise<FastCheck | undefined> {
  try {
    return await load()
  } catch (error) {
    const code = (error as { code?: unknown }).code
    if (code === 'ERR_MODULE_NOT_FOUND' && messageOf(error).includes('fast-check')) return undefined
    throw error
  }
}
