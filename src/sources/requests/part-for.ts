// What each of several threads has of the limits of a source of requests.

import { partOf } from '../../kernel/part-of.js'
import type { SourceThread } from '../source.js'
import type { RequestSettings } from './settings.js'

/** Gives the settings with the part that a thread has of the limits for all of them. */
export function partFor<Settings extends RequestSettings>(
  settings: Settings,
  thread: SourceThread | undefined,
): Settings {
  if (thread === undefined) return settings
  const { inFlight, limits } = settings
  const connections = partOf(limits.connections, thread.count)
  return { ...settings, inFlight: partOf(inFlight, thread.count), limits: { ...limits, connections } }
}
