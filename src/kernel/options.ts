// How the factory of a source or sink refuses options: what, where, what was wanted.

import { MillraceError } from './failure.js'
import { nearest } from './nearest.js'
import { show } from './show.js'

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
    const hint = meant === undefined ? `wanted one of ${known.join(', ')}` : `did you mean ${meant}?`
    throw new MillraceError('ERR_CONFIG', `${where}: ${name}: unknown option, ${hint}`)
  }
}

/** Throws ERR_CONFIG unless the value is absent or an integer in the range. */
export function checkInteger(where: string, value: unknown, min: number, max: number): void {
  if (
    value === undefined ||
    (Number.isInteger(value) && (value as number) >= min && (value as number) <= max)
  )
    return
  throw unusable(where, value, `an integer from ${min} to ${max}`)
}
