// A result store whose implementation is loaded when it is opened: every thread imports the module that makes it.

import { MillraceError } from '../kernel/failure.js'
import type { Log } from '../kernel/log.js'
import type { ResultStore } from './result-store.js'

export type OpenResults = Required<
  Pick<ResultStore, 'accept' | 'finish' | 'forget' | 'get' | 'unfinished' | 'stats' | 'close'>
>

export type LazyParts = Pick<ResultStore, 'name' | 'durable' | 'check'> & {
  load(log: Log): Promise<OpenResults>
}

export function lazyResults({ name, durable, check, load }: LazyParts): ResultStore {
  let loaded: OpenResults | undefined
  const results = () => {
    if (loaded !== undefined) return loaded
    throw new MillraceError('ERR_STORE', `${name}: it is not open`)
  }
  return {
    name,
    durable,
    ...(check && { check }),
    open: async ({ log }) => {
      loaded = await load(log)
    },
    // Asynchronous: that it is not open is a rejection, as any other failure.
    accept: async (id, request) => results().accept(id, request),
    finish: async (id, result) => results().finish(id, result),
    forget: async (id) => results().forget(id),
    get: (id) => results().get(id),
    unfinished: () => results().unfinished(),
    stats: () => loaded?.stats() ?? {},
    close: async () => {
      const closing = loaded
      loaded = undefined
      await closing?.close()
    },
  }
}
