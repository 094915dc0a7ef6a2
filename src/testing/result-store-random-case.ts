// Random calls, several at a time, against a model: a map from id to what was last said of it.

import type { Arbitrary } from 'fast-check'
import { breach, preview } from './breach.js'
import { checkRandom, type FastCheck } from './random.js'
import { type Known, type ResultStoreCase, requireState } from './result-store-case.js'
import { type LiveStore, ResultStoreKit } from './result-store-kit.js'
import type { MakeResultStore, ResultStoreContractOptions } from './result-store-options.js'

const RUNS = 30
const TIMEOUT_MS = 30_000
const STEPS_MAX = 25
const CALLS_MAX = 8
const IDS = 12

type Call = { kind: 'accept' | 'finish' | 'forget'; id: string; bytes: Uint8Array }
/** Calls of different ids, all at once; or the store is closed, or left, and opened again. */
type Step = { calls: Call[] } | { reopen: 'closed' | 'left' }
/** `step`: in which it was accepted. */
type Entry = NonNullable<Known> & { step: number }

/** Makes the case, which makes a store of its own for every input. */
export function randomResultStoreCase(
  make: MakeResultStore,
  options: ResultStoreContractOptions,
): ResultStoreCase {
  const { seed, runs = RUNS } = options
  return {
    name: 'random calls keep every rule',
    check: (_, rule) =>
      checkRandom(rule, { seed, runs, timeoutMs: TIMEOUT_MS }, steps, async (input) => {
        const kit = new ResultStoreKit(make, options)
        try {
          await new Model(kit, await kit.open(), rule).run(input)
        } finally {
          await kit.end()
        }
      }),
  }
}

function steps(fc: FastCheck): Arbitrary<Step[]> {
  const call = fc.record({
    kind: fc.constantFrom('accept', 'accept', 'finish', 'forget'),
    id: fc.nat(IDS - 1).map((number) => `id ${number}`),
    bytes: fc.uint8Array({ maxLength: 40 }),
  }) as Arbitrary<Call>
  const calls = fc.uniqueArray(call, { selector: ({ id }) => id, minLength: 1, maxLength: CALLS_MAX })
  const step: Arbitrary<Step> = fc.oneof(
    { weight: 8, arbitrary: fc.record({ calls }) },
    { weight: 1, arbitrary: fc.record({ reopen: fc.constantFrom('closed', 'left') }) },
  )
  return fc.array(step, { minLength: 1, maxLength: STEPS_MAX })
}

class Model {
  readonly #kit: ResultStoreKit
  readonly #rule: string
  readonly #entries = new Map<string, Entry>()
  #live: LiveStore
  #step = 0

  constructor(kit: ResultStoreKit, live: LiveStore, rule: string) {
    this.#kit = kit
    this.#live = live
    this.#rule = rule
  }

  async run(input: readonly Step[]): Promise<void> {
    for (const step of input) {
      this.#step++
      if ('calls' in step) await Promise.all(step.calls.map((call) => this.#call(call)))
      else await this.#reopen(step.reopen)
      await this.#compare()
    }
  }

  async #call({ kind, id, bytes }: Call): Promise<void> {
    const entry = this.#entries.get(id)
    if (kind === 'accept') {
      const outcome = await this.#live.accept(id, bytes)
      const wanted = entry === undefined ? 'accepted' : 'exists'
      if (outcome !== wanted) breach(this.#rule, `accept(${preview(id)}) gave '${outcome}'`, `'${wanted}'`)
      if (entry === undefined) this.#entries.set(id, { state: 'accepted', bytes, step: this.#step })
    } else if (kind === 'finish') {
      await this.#live.finish(id, bytes)
      if (entry?.state !== 'finished') this.#entries.set(id, { state: 'finished', bytes, step: this.#step })
    } else {
      await this.#live.forget(id)
      if (entry?.state === 'accepted') this.#entries.delete(id)
    }
  }

  async #reopen(how: 'closed' | 'left'): Promise<void> {
    if (!this.#live.store.durable || this.#live.made.reopen === undefined) return
    if (how === 'closed') await this.#live.close()
    this.#live = await this.#kit.reopen(this.#live)
  }

  async #compare(): Promise<void> {
    for (let number = 0; number < IDS; number++) {
      const id = `id ${number}`
      await requireState(this.#live, this.#rule, id, this.#entries.get(id))
    }
    const found = await this.#live.unfinished(IDS + 1)
    const accepted = [...this.#entries.values()].filter(({ state }) => state === 'accepted')
    if (found.length !== accepted.length)
      breach(this.#rule, `unfinished gave ${found.length}`, `the ${accepted.length} that are accepted`)
    let step = 0
    for (const { id, request } of found) {
      const entry = this.#entries.get(id)
      if (entry === undefined || Buffer.compare(request, entry.bytes) !== 0)
        breach(this.#rule, `unfinished gave ${preview(id)} with ${preview(request)}`, 'its own request')
      // Among calls at once any order is right.
      if (entry.step < step)
        breach(this.#rule, `unfinished gave ${preview(id)} after what was accepted later`, 'their order')
      step = entry.step
    }
  }
}
