// The result store on the disk: what it says is safe survives the death of the process, and of the machine.

import { resolve } from 'node:path'
import { MillraceError, messageOf } from '../kernel/failure.js'
import { unusable } from '../kernel/options.js'
import { lazyResults } from './lazy-results.js'
import type { ResultStore } from './result-store.js'
import { limitsOf, type ResultOptions } from './settings.js'
import { SYSTEM_TIME, type TimeParts } from './steady-time.js'

export type LmdbResultsOptions = ResultOptions & {
  /** A directory of its own, made where it is missing. One process at a time can use it. */
  path: string
}

/**
 * Keeps requests and results in a directory, and in memory too. Throws ERR_CONFIG for unusable options; opening rejects with
 * ERR_OPEN where the directory cannot be used, and calls with ERR_STORE where the disk fails.
 */
export function lmdbResults(options: LmdbResultsOptions): ResultStore {
  return lmdbResultsOf(options, SYSTEM_TIME)
}

/** Internal: `lmdbResults` with another time. */
export function lmdbResultsOf(options: LmdbResultsOptions, time: TimeParts): ResultStore {
  const limits = limitsOf('lmdbResults', options, ['path'], "{ path: 'results' }")
  if (typeof options.path !== 'string' || options.path === '') {
    throw unusable('lmdbResults: path', options.path, 'the path of a directory')
  }
  const directory = resolve(options.path)
  return lazyResults({
    name: 'lmdbResults',
    durable: true,
    check: () => check(directory),
    load: async (log) =>
      (await import('./lmdb/durable-results.js')).DurableResults.open({ directory, limits, time, log }),
  })
}

async function check(directory: string): Promise<void> {
  const { checkDirectory } = await import('../store/check-directory.js')
  try {
    checkDirectory(directory)
  } catch (cause) {
    throw new MillraceError('ERR_OPEN', `lmdbResults: ${directory}: ${messageOf(cause)}`, { cause })
  }
}
