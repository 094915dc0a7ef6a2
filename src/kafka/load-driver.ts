// Loads the client that runs behind the seam, only when it is needed.

import { MillraceError, messageOf } from '../kernel/failure.js'
import { isPlatformaticInstalled, PLATFORMATIC } from './chosen-driver.js'
import type { DriverName } from './connection.js'
import type { Driver } from './driver.js'

/** Throws ERR_CONFIG where the driver's client is not installed; loads nothing. */
export function checkDriver(name: DriverName): void {
  if (name === 'platformatic' && !isPlatformaticInstalled()) throw notInstalled()
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

function notInstalled(): MillraceError {
  const remedy = `npm install ${PLATFORMATIC} (version 1.35 for Node 20, 2 from Node 22.22 on), or choose kafkajs`
  return new MillraceError('ERR_CONFIG', `kafka: the driver platformatic is not installed: ${remedy}`)
}

function cannotLoad(cause: unknown): MillraceError {
  const what = `kafka: ${PLATFORMATIC} cannot be loaded: ${messageOf(cause)}`
  return new MillraceError(
    'ERR_CONFIG',
    `${what}: this Node is ${process.version}; version 1.35 runs on Node 20; or choose kafkajs by MILLRACE_KAFKA=kafkajs`,
    { cause },
  )
}
