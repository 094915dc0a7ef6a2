// Which client runs behind the seam: what the environment says, else the options, else the faster one of those that are there.

import { createRequire } from 'node:module'
import { MillraceError } from '../kernel/failure.js'
import { nearest } from '../kernel/nearest.js'
import { DRIVER_NAMES, type DriverName } from './connection.js'

/** The optional client's package: by `npm run bench -- --only 'kafka*'` the faster one at both ends. */
export const PLATFORMATIC = '@platformatic/kafka'

export type End = 'source' | 'sink'

type Environment = Readonly<Record<string, string | undefined>>

/** Gives the name of the driver for one end. Throws ERR_CONFIG for a variable that names none. */
export function chosenDriver(end: End, given: DriverName | undefined, environment: Environment): DriverName {
  for (const name of [`MILLRACE_KAFKA_${end.toUpperCase()}`, 'MILLRACE_KAFKA']) {
    const value = environment[name]
    if (value === undefined || value === '') continue
    if ((DRIVER_NAMES as readonly string[]).includes(value)) return value as DriverName
    const meant = nearest(value, DRIVER_NAMES)
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`
    throw new MillraceError(
      'ERR_CONFIG',
      `${name}: got ${JSON.stringify(value)}, wanted one of ${DRIVER_NAMES.join(', ')}${hint}`,
    )
  }
  return given ?? (isPlatformaticInstalled() ? 'platformatic' : 'kafkajs')
}

/** Tells whether the optional client is there; loads nothing. */
export function isPlatformaticInstalled(): boolean {
  try {
    createRequire(import.meta.url).resolve(PLATFORMATIC)
    return true
  } catch (cause) {
    // What is there and cannot be resolved is told as it is loaded.
    return (cause as { code?: string }).code !== 'MODULE_NOT_FOUND'
  }
}
