// Random reads, acks and nacks against a model: a map from place to what was last said of it.

import type { Arbitrary } from 'fast-check'
import { breach } from './breach.js'
import { checkRandom, type FastCheck } from './random.js'
import { places, type Seen } from './seen.js'
import { AGAIN, readAgain, requireSame, requireValues, type SourceCase } from './source-case.js'
import { type LiveSource, SourceKit } from './source-kit.js'
import type { MakeSource, SourceContractOptions } from './source-options.js'
import { COMES_AGAIN, ONLY_NACKED } from './source-settle-cases.js'

const RUNS = 30
const TIMEOUT_MS = 30_000
const STEPS_MAX = 60
/** Sources may give up on a record that is nacked again and again. */
const NACKS_MAX = 3

type Step = { act: 'read' | 'ack' | 'nack'; number: number }
type Entry = { record: Seen; state: 'in flight' | 'acked' | 'nacked'; nacks: number }

/** Makes the case, which makes a source of its own for every input. */
export function randomSourceCase(make: MakeSource, options: SourceContractOptions): SourceCase {
  const { seed, runs = RUNS } = options
  return {
    name: 'random reads, acks and nacks keep every rule',
    check: (_, rule) =>
      checkRandom(rule, { seed, runs, timeoutMs: TIMEOUT_MS }, steps, async (input) => {
        const kit = new SourceKit(make, options)
        try {
          await new Model(await kit.open()).run(input)
        } finally {
          await kit.end()
        }
      }),
  }
}

function steps(fc: FastCheck): Arbitrary<Step[]> {
  const step = fc.record({ act: fc.constantFrom('read', 'ack', 'nack'), number: fc.nat(40) })
  return fc.array(step, { minLength: 1, maxLength: STEPS_MAX }) as Arbitrary<Step[]>
}

class Model {
  private readonly live: LiveSource
  private readonly entries = new Map<string, Entry>()

  constructor(live: LiveSource) {
    this.live = live
  }

  async run(input: readonly Step[]): Promise<void> {
    for (const { act, number } of input) {
      if (act === 'read') await this.read(1 + (number % 9))
      else await this.settle(act, number)
    }
    await this.finish()
    if (this.live.endless || this.live.expected === undefined) return
    const { records, ended } = await this.live.readToEnd((batch) => this.live.ack(batch))
    this.note(records)
    const all = [...this.entries.values()].map(({ record }) => record)
    if (ended) requireValues('the values are the expected ones', all, this.live.expected, false)
  }

  /** Reads once, unless a source without an end has given all that it is asked for: then it could wait for ever. */
  private async read(max: number): Promise<void> {
    const left = this.live.endless ? this.live.limit - this.entries.size : max
    if (left <= 0) return
    const batch = await this.live.read(Math.min(max, left))
    const owed = this.those('nacked').map(({ record }) => record)
    if (batch === null && owed.length > 0) {
      breach(COMES_AGAIN, `read gave null, the end, and ${places(owed)} had not come again`, AGAIN)
    }
    this.note(batch ?? [])
  }

  private note(records: readonly Seen[]): void {
    for (const record of records) {
      const entry = this.entries.get(record.at)
      if (entry === undefined) this.entries.set(record.at, { record, state: 'in flight', nacks: 0 })
      else if (entry.state === 'nacked') {
        requireSame(COMES_AGAIN, entry.record, record)
        entry.state = 'in flight'
      } else {
        const what = `${record.at} came again, and was ${entry.state}`
        breach(ONLY_NACKED, what, 'only nacked records')
      }
    }
  }

  private async settle(act: 'ack' | 'nack', number: number): Promise<void> {
    const isNack = act === 'nack' && this.live.source.nack !== undefined
    const open = this.those('in flight').filter(({ nacks }) => !isNack || nacks < NACKS_MAX)
    if (open.length === 0) return
    const from = number % open.length
    const chosen = open.slice(from, from + 1 + (number % 5))
    const records = chosen.map(({ record }) => record)
    // A nack that only tells is the end of its record, as an ack is.
    const isOwed = isNack && this.live.source.redelivers !== false
    for (const entry of chosen) {
      entry.state = isOwed ? 'nacked' : 'acked'
      if (isNack) entry.nacks++
    }
    await (isNack ? this.live.nack(records) : this.live.ack(records))
  }

  /** What is owed must still come; then everything is acked. */
  private async finish(): Promise<void> {
    const owed = this.those('nacked').map(({ record }) => record)
    this.note(await readAgain(this.live, COMES_AGAIN, owed))
    const open = this.those('in flight')
    for (const entry of open) entry.state = 'acked'
    await this.live.ack(open.map(({ record }) => record))
  }

  private those(state: Entry['state']): Entry[] {
    return [...this.entries.values()].filter((entry) => entry.state === state)
  }
}
