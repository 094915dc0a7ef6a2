// The way into tracing. Where no SDK is registered on a thread it looks once, and loads nothing.

import type { Log } from '../kernel/log.js'
import { registeredProvider } from './registered-provider.js'
import type { Tracing } from './tracing.js'

export type TracingPlace = {
  topology: string
  thread: string
  /** URL of the topology's module, if it has one. */
  module: string | undefined
}

/** Gives the tracing of this thread, if an OpenTelemetry SDK is registered on it. */
export async function openTracing(place: TracingPlace, log: Log): Promise<Tracing | undefined> {
  if (registeredProvider() === undefined) return undefined
  const { loadTracing } = await import('./load-tracing.js')
  return loadTracing(place, log)
}
