// A result store that keeps the contract in the plainest way: the reference that the broken ones are bent from.
// Its data outlives it: whoever opens another over the same data finds what was there.

import type { ResultStore, StoredResult } from '../../src/results/result-store.js'
import type { MadeResultStore, WantedLimits } from '../../src/testing/index.js'

type Entry = { state: 'accepted' | 'finished'; bytes: Uint8Array; sinceMs: number }

/** What a broken store is bent from: its honest calls, and what it knows. */
export type Honest = {
  store: ResultStore
  data: Map<string, Entry>
  limits: Required<WantedLimits>
}

export type Bend = (honest: Honest) => Partial<ResultStore>

export function plainResultStore(limits: WantedLimits = {}, bend?: Bend): MadeResultStore {
  const data = new Map<string, Entry>()
  const over = () => {
    const store = storeOver(data, { keepMs: 600_000, bytes: 8 * 1024 * 1024, ...limits })
    return { ...store.store, ...bend?.(store) }
  }
  return { store: over(), reopen: over }
}

function storeOver(data: Map<string, Entry>, limits: Required<WantedLimits>): Honest {
  const those = (state: Entry['state']) => [...data].filter(([, entry]) => entry.state === state)
  const bytesOf = (entries: [string, Entry][]) =>
    entries.reduce((sum, [, { bytes }]) => sum + bytes.length, 0)
  const sweep = () => {
    for (const [id, { sinceMs }] of those('finished'))
      if (Date.now() - sinceMs >= limits.keepMs) data.delete(id)
  }
  const store: ResultStore = {
    name: 'plain',
    durable: true,
    accept: async (id, request) => {
      sweep()
      if (data.has(id)) return 'exists'
      if (bytesOf(those('accepted')) + request.length > limits.bytes / 2) return 'full'
      data.set(id, { state: 'accepted', bytes: Uint8Array.from(request), sinceMs: Date.now() })
      return 'accepted'
    },
    finish: async (id, result) => {
      if (data.get(id)?.state === 'finished') return
      // Behind all others.
      data.delete(id)
      data.set(id, { state: 'finished', bytes: Uint8Array.from(result), sinceMs: Date.now() })
      let overBytes = bytesOf([...data]) - limits.bytes
      for (const [old, { bytes }] of overBytes > 0 ? those('finished') : []) {
        if (overBytes <= 0) break
        data.delete(old)
        overBytes -= bytes.length
      }
    },
    forget: async (id) => {
      if (data.get(id)?.state === 'accepted') data.delete(id)
    },
    get: (id): StoredResult | undefined => {
      sweep()
      const entry = data.get(id)
      if (entry?.state !== 'finished') return entry && { state: 'accepted', sinceMs: entry.sinceMs }
      return { state: 'finished', sinceMs: entry.sinceMs, result: entry.bytes }
    },
    async *unfinished() {
      for (const [id, { bytes }] of those('accepted')) yield { id, request: bytes }
    },
    stats: () => ({ entries: data.size }),
    close: () => undefined,
  }
  return { store, data, limits }
}
