// Finds @opentelemetry/api where the user's project has it, and makes the tracing of a thread with it.
// It looks from the module, the working directory and our own package, in this order.
// Called only where an SDK is registered: without one nothing of OpenTelemetry is loaded.

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { messageOf } from '../kernel/failure.js'
import type { Log } from '../kernel/log.js'
import type { TracingPlace } from './open-tracing.js'
import { registeredProvider } from './registered-provider.js'
import { type Api, Tracing } from './tracing.js'

/** Gives the tracing of this thread; or undefined, with a warning, where the API of the registered SDK cannot be had. */
export function loadTracing(place: TracingPlace, log: Log): Tracing | undefined {
  let why = ''
  for (const from of [place.module, join(process.cwd(), 'topology.mjs'), import.meta.url]) {
    if (from === undefined) continue
    try {
      const api = createRequire(from)('@opentelemetry/api') as Api
      // The registry lets in only copies that are compatible with the one that registered.
      if (api.trace.getTracerProvider() === registeredProvider())
        return new Tracing(api, place.topology, place.thread, log)
      why = 'the topology finds another version of @opentelemetry/api than the one that registered it'
    } catch (error) {
      why ||= messageOf(error).split('\n', 1)[0]
    }
  }
  log.warn(`an OpenTelemetry SDK is registered, but there are no traces: ${why}`)
  return undefined
}
