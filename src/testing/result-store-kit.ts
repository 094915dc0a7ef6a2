// What a case does with a result store: makes it, calls it under deadlines, looks at the shape of its answers, and ends it.

import { createLog } from '../kernel/log.js'
import type { Acceptance, ResultStore, StoredResult, UnfinishedRequest } from '../results/result-store.js'
import { breach, described } from './breach.js'
import { start, within } from './deadline.js'
import type {
  MadeResultStore,
  MakeResultStore,
  ResultStoreContractOptions,
  WantedLimits,
} from './result-store-options.js'

export const OPENS = 'open resolves, and so does close'
export const SHAPES = 'each call answers in its shape'

/** The stores of one case. */
export class ResultStoreKit {
  readonly options: ResultStoreContractOptions
  readonly #make: MakeResultStore
  readonly #opened: LiveStore[] = []
  readonly #made: MadeResultStore[] = []

  constructor(make: MakeResultStore, options: ResultStoreContractOptions) {
    this.#make = make
    this.options = options
  }

  /** Makes a store and opens it. */
  async open(limits: WantedLimits = {}): Promise<LiveStore> {
    const made = await this.#make(limits)
    return await this.#opening('store' in made ? made : { store: made })
  }

  /** Opens another store over the data of one. */
  async reopen({ made }: LiveStore): Promise<LiveStore> {
    const store = await (made.reopen as NonNullable<MadeResultStore['reopen']>)()
    return await this.#opening({ ...made, store })
  }

  /** Closes what a case left open, and cleans up. A close that fails here has a case of its own to tell of it. */
  async end(): Promise<void> {
    for (const live of this.#opened) await live.close().catch(() => undefined)
    for (const made of this.#made) await made.cleanup?.()
  }

  async #opening(made: MadeResultStore): Promise<LiveStore> {
    const live = new LiveStore(made, this.options.timeoutMs ?? 10_000)
    // The last one is closed first.
    this.#opened.unshift(live)
    if (!this.#made.some(({ cleanup }) => cleanup === made.cleanup)) this.#made.push(made)
    await live.open()
    return live
  }
}

/** One open store. */
export class LiveStore {
  readonly made: MadeResultStore
  readonly store: ResultStore
  readonly #timeoutMs: number
  #isClosed = false

  constructor(made: MadeResultStore, timeoutMs: number) {
    this.made = made
    this.store = made.store
    this.#timeoutMs = timeoutMs
  }

  async open(): Promise<void> {
    const log = createLog(() => undefined, 'results', 'test')
    await this.#call(OPENS, 'open', () => this.store.open?.({ log }))
  }

  /** As all calls here: it is made before this returns. */
  async accept(id: string, request: Uint8Array): Promise<Acceptance> {
    const outcome = await this.#call(SHAPES, 'accept', () => this.store.accept(id, request))
    if (outcome === 'accepted' || outcome === 'exists' || outcome === 'full') return outcome
    return breach(SHAPES, `accept gave ${described(outcome)}`, "'accepted', 'exists' or 'full'")
  }

  async finish(id: string, result: Uint8Array): Promise<void> {
    await this.#call(SHAPES, 'finish', () => this.store.finish(id, result))
  }

  async forget(id: string): Promise<void> {
    await this.#call(SHAPES, 'forget', () => this.store.forget(id))
  }

  async get(id: string): Promise<StoredResult | undefined> {
    const stored = await this.#call(SHAPES, 'get', async () => this.store.get(id))
    if (stored === undefined) return undefined
    const wanted = "undefined, { state: 'accepted', sinceMs }, or { state: 'finished', sinceMs, result }"
    if (typeof stored !== 'object' || stored === null) breach(SHAPES, `get gave ${described(stored)}`, wanted)
    const { state, sinceMs } = stored
    if (state !== 'accepted' && state !== 'finished')
      breach(SHAPES, `get gave the state ${described(state)}`, wanted)
    if (!Number.isFinite(sinceMs)) breach(SHAPES, `get gave ${described(sinceMs)} as sinceMs`, wanted)
    if (stored.state === 'finished' && !(stored.result instanceof Uint8Array))
      breach(SHAPES, `get gave ${described(stored.result)} as result`, 'bytes')
    return stored
  }

  /** Gives what is unfinished, at most so many. */
  async unfinished(most: number): Promise<UnfinishedRequest[]> {
    return await this.#call(SHAPES, 'unfinished', async () => {
      const found: UnfinishedRequest[] = []
      for await (const { id, request } of this.store.unfinished()) {
        found.push({ id, request: Uint8Array.from(request) })
        if (found.length >= most) break
      }
      return found
    })
  }

  /** Closes the store, once. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#call(OPENS, 'close', () => this.store.close?.())
  }

  async #call<T>(rule: string, name: string, work: () => T | PromiseLike<T>): Promise<T> {
    const wanted = `no throw, and an end within ${this.#timeoutMs} ms`
    const done = start(work).catch((error) => breach(rule, `${name} threw ${described(error)}`, wanted))
    return await within(done, this.#timeoutMs, () =>
      breach(rule, `${name} had not resolved after ${this.#timeoutMs} ms`, wanted),
    )
  }
}
