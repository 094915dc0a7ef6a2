// A source of requests on several threads: how many there can be, and what each has of the source's limits.

import { canSharePort } from '../../http/share-port.js'
import { partOf } from '../../kernel/part-of.js'
import type { Source, SourceThread } from '../source.js'
import type { RequestSettings } from './settings.js'

/** Gives what the source says of its threads: they must share its port. */
export function threadsOf({ threads }: RequestSettings): Pick<Source, 'threads'> {
  return threads > 1 && canSharePort() ? { threads } : {}
}

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
