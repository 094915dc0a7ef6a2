// Which client runs behind the seam: what the environment says, else the options, else kafkajs.

import { MillraceError } from '../kernel/failure.js'
import { nearest } from '../kernel/nearest.js'
import { DRIVER_NAMES, type DriverName } from './connection.js'

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
  return given ?? 'kafkajs'
}
