// Reads the value of an option of the command line. Throws UsageError, which says what was wanted.

import { nearest } from '../kernel/nearest.js'
import { wholeNumber } from '../kernel/options.js'
import { UsageError } from './verb.js'

/** Gives a whole number, which is written in digits only; undefined where the option is not given. */
export function integerOf(
  where: string,
  given: string | boolean | undefined,
  min: number,
  max: number,
): number | undefined {
  if (given === undefined) return undefined
  const value = Number(given)
  if (/^\d+$/.test(String(given)) && value >= min && value <= max) return value
  throw new UsageError(`${where}: got ${JSON.stringify(given)}, wanted ${wholeNumber(min, max)}`)
}

/** Gives one of the words that are known; undefined where the option is not given. */
export function wordOf<Word extends string>(
  where: string,
  given: string | boolean | undefined,
  known: readonly Word[],
): Word | undefined {
  if (given === undefined) return undefined
  const word = known.find((each) => each === given)
  if (word !== undefined) return word
  const meant = nearest(String(given), known)
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`
  throw new UsageError(`${where}: got ${JSON.stringify(given)}, wanted one of ${known.join(', ')}${hint}`)
}
