// What a source or a sink says of itself: numbers by name. It is user code, so what it gives is looked at: names that a metric
// may have, numbers that are finite, and not too many.

import type { Sink } from '../sinks/sink.js'
import type { Source } from '../sources/source.js'

/** By actor. */
export type EndStats = Record<string, Record<string, number>>

const NAME = /^[a-z][a-z0-9_]{0,63}$/
const STATS_MAX = 64

/** Gives the numbers that can be shown; none where it has none to give, or throws. */
export function statsOf(end: Pick<Source, 'stats'> | Pick<Sink, 'stats'>): Record<string, number> {
  try {
    const given = Object.entries(end.stats?.() ?? {})
    return Object.fromEntries(
      given.filter(([name, value]) => NAME.test(name) && Number.isFinite(value)).slice(0, STATS_MAX),
    )
  } catch {
    return {}
  }
}
