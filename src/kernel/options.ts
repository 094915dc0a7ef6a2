// How the factory of a source or sink refuses options: what, where, what was wanted.

import { countText } from './count-text.js'
import { MillraceError } from './failure.js'
import { nearest } from './nearest.js'
import { list, show } from './show.js'

/** Makes the error for an unusable option. */
export function unusable(where: string, got: unknown, wanted: string): MillraceError {
  return new MillraceError(
    'ERR_CONFIG',
    `${where}: got ${Array.isArray(got) ? JSON.stringify(got) : show(got)}, wanted ${wanted}`,
  )
}

/** Throws ERR_CONFIG unless the options are an object with none but known names. */
export function checkNames(where: string, options: unknown, known: readonly string[], example: string): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw unusable(where, options, `an object such as ${example}`)
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const meant = nearest(name, known)
    const hint = meant === undefined ? `known here: ${list(known)}` : `did you mean ${meant}?`
    throw new MillraceError('ERR_CONFIG', `${where}: unknown option ${name}; ${hint}`)
  }
}

/** Throws ERR_CONFIG unless the value is absent or a whole number in the range. */
export function checkInteger(where: string, value: unknown, min: number, max: number): void {
  if (
    value === undefined ||
    (Number.isInteger(value) && (value as number) >= min && (value as number) <= max)
  )
    return
  throw unusable(where, value, wholeNumber(min, max))
}

/** Says what is wanted of a number. */
export function wholeNumber(min: number, max: number): string {
  return `a whole number from ${countText(min)} to ${countText(max)}`
}
