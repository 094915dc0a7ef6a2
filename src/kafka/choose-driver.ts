// Which client runs behind the seam: what the environment says, else the options, else kafkajs. It is loaded only when it is
// needed.

import { createRequire } from 'node:module'
import { MillraceError, messageOf } from '../kernel/failure.js'
import { nearest } from '../kernel/nearest.js'
import { DRIVER_NAMES, type DriverName } from './connection.js'
import type { Driver } from './driver.js'

export type End = 'source' | 'sink'

/** The optional client's package. */
export const PLATFORMATIC = '@platformatic/kafka'

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

/** Throws ERR_CONFIG where the driver's client is not installed; loads nothing. */
export function checkDriver(name: DriverName): void {
  if (name === 'kafkajs') return
  try {
    createRequire(import.meta.url).resolve(PLATFORMATIC)
  } catch (cause) {
    if ((cause as { code?: string }).code === 'MODULE_NOT_FOUND') throw notInstalled(cause)
  }
}

/** Loads a driver with its client. Throws ERR_CONFIG where that is not installed. */
export async function loadDriver(name: DriverName): Promise<Driver> {
  if (name === 'kafkajs') return (await import('./kafkajs/kafkajs-driver.js')).kafkajsDriver
  checkDriver(name)
  const { platformaticDriver } = await import('./platformatic/platformatic-driver.js')
  // A name that the compiler does not look up: the package is optional.
  const specifier: string = PLATFORMATIC
  try {
    return await platformaticDriver(await import(specifier))
  } catch (cause) {
    throw cannotLoad(cause)
  }
}

function notInstalled(cause: unknown): MillraceError {
  const remedy = `npm install ${PLATFORMATIC} (version 1.35 for Node 20, 2 from Node 22.22 on), or choose kafkajs`
  return new MillraceError('ERR_CONFIG', `kafka: the driver platformatic is not installed: ${remedy}`, {
    cause,
  })
}

function cannotLoad(cause: unknown): MillraceError {
  const what = `kafka: ${PLATFORMATIC} cannot be loaded: ${messageOf(cause)}`
  return new MillraceError(
    'ERR_CONFIG',
    `${what}: this Node is ${process.version}; version 1.35 runs on Node 20`,
    { cause },
  )
}
