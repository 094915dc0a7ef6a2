// Result stores that break the contract, each in one way, with the cases that must tell of it, and what they must say.

import type { Acceptance, ResultStore } from '../../src/results/result-store.js'
import type { MakeResultStore, WantedLimits } from '../../src/testing/index.js'
import { type Bend, plainResultStore } from './plain-result-store.js'

export type BrokenResultStore = {
  how: string
  make: MakeResultStore
  /** The cases that fail, all of them; 'all' where nothing can be right, but for those that it spares. */
  fails: readonly string[] | 'all'
  spares?: readonly string[]
  /** What one of them says. */
  says: RegExp
  /** Default 1,000. */
  timeoutMs?: number
}

const OPENS = 'open resolves, and so does close'
const CLOSES_BETWEEN = 'close lets the calls that are under way settle'
const AFTER_CLOSE = 'what was safe is there when it was closed and is opened again'
const AFTER_DEATH = 'what was safe is there when it was not closed and is opened again'
const SHAPES = 'each call answers in its shape'
const UNFINISHED = 'what is accepted is unfinished, in its order and with its bytes'
const ODD_IDS = 'any text is an id'
const KNOWN = 'accept of a known id says so, and changes nothing'
const ONLY_ONE = 'of many accepts of an id at once, one is accepted'
const MANY = 'many requests may be accepted and finished at once'
const COPIED = "bytes are the caller's again when the call has returned"
const FORGOTTEN = 'a forgotten id is unknown, and may be accepted again'
const FORGET_NOTHING = 'forget changes nothing but what is accepted'
const BYTE_FOR_BYTE = 'a finished id has its result, byte for byte, and no request'
const WITHOUT_REQUEST = 'a result needs no request'
const FIRST_STAYS = 'of two results of an id the first stays'
const SINCE = 'sinceMs is when it came to be so'
const BY_TIME = 'a result is given up after keepMs and not before, a request never'
const FULL = 'a full store says so, and keeps what it has accepted'
const BY_BYTES = 'beyond its bytes the oldest results are given up first'

export const BROKEN_RESULT_STORES: readonly BrokenResultStore[] = [
  {
    how: 'cannot be opened',
    make: bent(() => ({ open: () => Promise.reject(new Error('torn')) })),
    fails: 'all',
    says: /open resolves, and so does close: open threw Error: torn/,
  },
  {
    how: 'does not close',
    make: bent(() => ({ close: () => new Promise(() => undefined) })),
    fails: [OPENS, CLOSES_BETWEEN, AFTER_CLOSE],
    says: /close had not resolved after 100 ms/,
    timeoutMs: 100,
  },
  {
    how: 'forgets the callers whose calls are under way when it is closed',
    make: bent(leavingCallers),
    fails: [CLOSES_BETWEEN],
    says: /not all had settled 1000 ms after the close/,
  },
  {
    how: 'says true for accepted',
    make: bent(({ store }) => ({ accept: (...call) => store.accept(...call).then(() => true as never) })),
    fails: 'all',
    spares: [CLOSES_BETWEEN, WITHOUT_REQUEST],
    says: /accept gave boolean true\. Wanted: 'accepted', 'exists' or 'full'/,
  },
  {
    how: 'gives null for an id that it does not know',
    make: bent(({ store }) => ({ get: async (id) => (await store.get(id)) ?? (null as never) })),
    fails: [SHAPES, FORGOTTEN, AFTER_CLOSE, AFTER_DEATH, BY_TIME, FULL, BY_BYTES],
    says: /get gave null\. Wanted: undefined, \{ state/,
  },
  {
    how: 'counts in words',
    make: bent(() => ({ stats: () => ({ 'Entries kept': 1 }) })),
    fails: [SHAPES],
    says: /stats gave "Entries kept": 1\. Wanted: numbers, by names in lower case/,
  },
  {
    how: 'gives the youngest request first',
    make: bent(({ data }) => ({
      async *unfinished() {
        for (const [id, { state, bytes }] of [...data].toReversed())
          if (state === 'accepted') yield { id, request: bytes }
      },
    })),
    fails: [UNFINISHED, ODD_IDS, FORGOTTEN, FULL, AFTER_CLOSE, AFTER_DEATH],
    says: /unfinished gave "order-0" as number 0, not "order-29"/,
  },
  {
    how: 'trims its ids',
    make: bent(({ store }) => ({
      accept: (id, request) => store.accept(id.trim(), request),
      finish: (id, result) => store.finish(id.trim(), result),
      get: (id) => store.get(id.trim()),
    })),
    fails: [ODD_IDS],
    says: /unfinished did not give " "/,
  },
  {
    how: 'takes a known id again',
    make: bent(({ store, data }) => ({
      accept: (id, request) => {
        data.delete(id)
        return store.accept(id, request)
      },
    })),
    fails: [KNOWN, ONLY_ONE],
    says: /accept of an id that is accepted gave 'accepted'\. Wanted: 'exists'/,
  },
  {
    how: 'looks and puts at two times',
    make: bent(({ store, data }) => ({
      accept: async (id, request) => {
        const copy = Uint8Array.from(request)
        if (data.has(id)) return 'exists'
        await undefined
        data.delete(id)
        return store.accept(id, copy)
      },
    })),
    fails: [ONLY_ONE],
    says: /of 20 at once 20 gave 'accepted'\. Wanted: 'accepted' for one of them/,
  },
  {
    how: 'loses one of two that finish at once',
    make: bent(({ store }) => {
      let isBusy = false
      return {
        finish: async (id, result) => {
          if (isBusy) return
          isBusy = true
          const finished = store.finish(id, result)
          await undefined
          isBusy = false
          await finished
        },
      }
    }),
    fails: [MANY],
    says: /get\("many-1"\) gave 'accepted'\. Wanted: the state 'finished'/,
  },
  {
    how: 'copies the bytes too late',
    make: bent(({ store }) => ({
      accept: async (id, request) => {
        await undefined
        return store.accept(id, request)
      },
    })),
    fails: [COPIED],
    says: /unfinished gave "a" with "-{20}"\. Wanted: "v{20}"/,
  },
  {
    how: 'does not forget',
    make: bent(() => ({ forget: async () => undefined })),
    fails: [FORGOTTEN, AFTER_CLOSE, AFTER_DEATH],
    says: /get\("a"\) gave 'accepted'\. Wanted: undefined/,
  },
  {
    how: 'forgets results',
    make: bent(({ data }) => ({ forget: async (id) => void data.delete(id) })),
    fails: [FORGET_NOTHING],
    says: /get\("finished"\) gave undefined\. Wanted: the state 'finished'/,
  },
  {
    how: 'cuts off long results',
    make: bent(({ store }) => ({ finish: (id, result) => store.finish(id, result.subarray(0, 65_536)) })),
    fails: [BYTE_FOR_BYTE],
    says: /get\("of 70000 bytes"\) gave the result 65536 bytes/,
  },
  {
    how: 'keeps no result without a request',
    make: bent(({ store, data }) => ({
      finish: async (id, result) => (data.has(id) ? store.finish(id, result) : undefined),
    })),
    fails: [WITHOUT_REQUEST, MANY, COPIED, AFTER_CLOSE, AFTER_DEATH, BY_TIME, BY_BYTES],
    says: /a result needs no request: get\("a"\) gave undefined/,
  },
  {
    how: 'keeps the last result',
    make: bent(({ store, data }) => ({
      finish: (id, result) => {
        data.delete(id)
        return store.finish(id, result)
      },
    })),
    fails: [FIRST_STAYS],
    says: /gave the result "result of another"\. Wanted: what it was finished with, "result of a"/,
  },
  {
    how: 'counts time from its start',
    make: bent(({ store }) => ({
      get: async (id) => {
        const stored = await store.get(id)
        return stored && { ...stored, sinceMs: performance.now() }
      },
    })),
    fails: [SINCE],
    says: /it is accepted since [\d.]+\. Wanted: between \d+ and \d+, the ms since 1970/,
  },
  {
    how: 'keeps results for ever',
    make: bent(({ limits }) => {
      limits.keepMs = Infinity
      return {}
    }),
    fails: [BY_TIME],
    says: /a result was still there after 1150 ms\. Wanted: to be given up after 150 ms/,
  },
  {
    how: 'gives up results too early',
    make: bent(({ limits }) => {
      limits.keepMs /= 3
      return {}
    }),
    fails: [BY_TIME],
    says: /a result was given up after [\d.]+ ms\. Wanted: not before keepMs, 150/,
  },
  {
    how: 'gives up requests by time, too',
    make: bent(({ store, data, limits }) => ({
      get: (id) => {
        for (const [old, { sinceMs }] of data) if (Date.now() - sinceMs >= limits.keepMs) data.delete(old)
        return store.get(id)
      },
    })),
    fails: [BY_TIME],
    says: /unfinished did not give "accepted"/,
  },
  {
    how: 'is never full',
    make: bent(({ limits }) => {
      limits.bytes *= 5
      return {}
    }),
    fails: [FULL, BY_BYTES],
    says: /129 requests of 1024 bytes were accepted\. Wanted: 'full' at about 65536 bytes/,
  },
  {
    how: 'gives up requests where it is full',
    make: bent(({ store, data }) => ({
      accept: async (id, request) => {
        const outcome = await store.accept(id, request)
        if (outcome === 'full') for (const [old] of [...data].slice(0, 5)) data.delete(old)
        return outcome
      },
    })),
    fails: [FULL],
    says: /unfinished did not give "request-0"/,
  },
  {
    how: 'stays full',
    make: bent(({ store }) => {
      let last: Acceptance | undefined
      return {
        accept: async (id, request) => {
          if (last !== 'full') last = await store.accept(id, request)
          return last
        },
      }
    }),
    fails: [FULL],
    says: /with all finished accept gave 'full'\. Wanted: 'accepted': there is room again/,
  },
  {
    how: 'gives up the youngest results first',
    make: bent(({ store, data, limits }) => ({
      finish: async (id, given) => {
        const result = Uint8Array.from(given)
        await store.finish(id, Buffer.alloc(0))
        const bytes = [...data.values()].reduce((sum, entry) => sum + entry.bytes.length, result.length)
        const entry = data.get(id)
        if (bytes > limits.bytes) data.delete(id)
        else if (entry !== undefined && entry.bytes.length === 0) entry.bytes = result
      },
    })),
    fails: [BY_BYTES],
    says: /all 192 results of 1024 bytes are there|"result-\d+" was given up before "result-0"/,
  },
  {
    how: 'has nothing of what it held when it is opened again',
    make: bent(({ data }) => ({ open: () => data.clear() })),
    fails: [AFTER_CLOSE, AFTER_DEATH],
    says: /get\("finished-0"\) gave undefined\. Wanted: the state 'finished'/,
  },
  {
    how: 'writes what it holds when it is closed',
    make: writingAtClose,
    fails: [AFTER_DEATH],
    says: /get\("finished-0"\) gave undefined/,
  },
]

function bent(bend: Bend): MakeResultStore {
  return (limits) => plainResultStore(limits, bend)
}

function leavingCallers({ store }: { store: ResultStore }): Partial<ResultStore> {
  let isClosed = false
  return {
    finish: async (id, result) => {
      const finishing = store.finish(id, result)
      await new Promise((resolve) => setImmediate(resolve))
      if (isClosed) await new Promise(() => undefined)
      return finishing
    },
    close: () => {
      isClosed = true
    },
  }
}

/** What is opened again is a copy, which was taken at the last close. */
function writingAtClose(limits: WantedLimits): ReturnType<MakeResultStore> {
  const written: [string, never][] = []
  const bend: Bend = ({ data }) => ({
    open: () => {
      data.clear()
      for (const [id, entry] of written) data.set(id, entry)
    },
    close: () => {
      written.splice(0, written.length, ...([...data] as [string, never][]))
    },
  })
  return plainResultStore(limits, bend)
}
