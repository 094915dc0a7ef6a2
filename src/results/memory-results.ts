// The result store in memory: what it holds ends with the process.

import { lazyResults } from './lazy-results.js'
import type { ResultStore } from './result-store.js'
import { limitsOf, type ResultOptions } from './settings.js'
import { SYSTEM_TIME, type TimeParts } from './steady-time.js'

export type MemoryResultsOptions = ResultOptions

/** Keeps requests and results in memory. Throws ERR_CONFIG for unusable options. */
export function memoryResults(options: MemoryResultsOptions = {}): ResultStore {
  return memoryResultsOf(options, SYSTEM_TIME)
}

/** Internal: `memoryResults` with another time. */
export function memoryResultsOf(options: MemoryResultsOptions, time: TimeParts): ResultStore {
  const limits = limitsOf('memoryResults', options, [], '{ keepMs: 60_000 }')
  return lazyResults({
    name: 'memoryResults',
    durable: false,
    load: async () => new (await import('./memory/shelved-results.js')).ShelvedResults(limits, time),
  })
}
