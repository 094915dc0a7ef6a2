// Plays a user's topology: what it is to do is not known, so the first run is without faults, and the others must come to the same.

import type { Topology } from '../../topology/types.js'
import { seeded } from '../seeded.js'
import type { WorldStory } from '../world-story.js'
import type { Played } from './campaign.js'
import type { Giving } from './ledger-types.js'
import { ScriptedSource } from './scripted-source.js'
import type { SimulatedMessage, SimulateOptions } from './simulate-options.js'
import { hashOf } from './texts.js'
import { WatchedWorld } from './watched-world.js'

/** Values that sinks have written: by sink and message, a hash. */
type Outcome = ReadonlyMap<string, number>

export class TopologyPlayer {
  private readonly make: (random: () => number) => Topology
  private readonly options: SimulateOptions
  private reference: Outcome | undefined

  constructor(make: (random: () => number) => Topology, options: SimulateOptions) {
    this.make = make
    this.options = options
  }

  /** Plays it without faults: what the others are compared with. */
  async playPlain(seed: number): Promise<Played> {
    const [played, outcome] = await this.run(seed, undefined, true)
    if (played.failure === undefined && this.options.compare !== false) this.reference = outcome
    return played
  }

  async play(seed: number, story: WorldStory | undefined): Promise<Played> {
    const [played] = await this.run(seed, story, false)
    return played
  }

  private async run(
    seed: number,
    story: WorldStory | undefined,
    isPlain: boolean,
  ): Promise<[Played, Outcome]> {
    const random = seeded(seed)
    const { messages, crashRate = 0.01, lostRate = 0.005, deathsMax = 10, eventsMax = 200_000 } = this.options
    const given = this.make(seeded(seed))
    const topology =
      messages === undefined
        ? given
        : { ...given, source: sourceOf(messages, random, () => watched.world.nowMs) }
    const mayReaderDie = messages !== undefined || this.options.resumable === true
    const watched: WatchedWorld = new WatchedWorld({
      topology,
      random,
      story,
      nameOf: (message) => message.id,
      world: {
        capacityBytes: this.options.capacityBytes ?? CAPACITY_BYTES,
        crashRate: isPlain ? 0 : crashRate,
        lostRate: isPlain ? 0 : lostRate,
        deathsMax,
        eventsMax,
        ...(this.options.realMsMax !== undefined && { realMsMax: this.options.realMsMax }),
        mayCrash: (thread) => mayReaderDie || thread !== 'ingress',
      },
    })
    const { ledger } = watched
    ledger.missing = (giving) => unanswered(giving, topology)
    const outcome = new Map<string, number>()
    ledger.offers.onWritten = (sink, message) => {
      outcome.set(`${sink}|${message.id}`, hashOf(0, message.value.toString('latin1')))
    }
    const played = await watched.play(seed, async () => {
      this.compare(outcome, ledger.options.broken)
      await this.compareWithTruth(ledger.options.broken, outcome)
    })
    await watched.close()
    return [played, outcome]
  }

  private compare(outcome: Outcome, broken: (rule: string, what: string) => void): void {
    if (this.reference === undefined) return
    for (const [key, hash] of this.reference) {
      const [sink, id] = split(key)
      if (!outcome.has(key))
        broken('I1', `message ${id} reached ${sink} in the run without faults, and not in this one`)
      else if (outcome.get(key) !== hash)
        broken('I2', `message ${id} reached ${sink} with another value than in the run without faults`)
    }
    for (const key of outcome.keys()) {
      const [sink, id] = split(key)
      if (!this.reference.has(key))
        broken('I2', `message ${id} reached ${sink}, and in the run without faults it did not`)
    }
  }

  /** Whether each ok is true only the user can tell. */
  private async compareWithTruth(
    broken: (rule: string, what: string) => void,
    outcome: Outcome,
  ): Promise<void> {
    const accepted = await this.options.accepted?.()
    if (accepted === undefined) return
    for (const [name, values] of Object.entries(accepted)) {
      const hashes = new Set(
        values.map((value) => hashOf(0, Buffer.from(value as string).toString('latin1'))),
      )
      for (const [key, hash] of outcome) {
        const [sink, id] = split(key)
        if (sink === name && !hashes.has(hash))
          broken('P4', `${sink} answered for message ${id} that it was written, and it is not there`)
      }
    }
  }
}

const CAPACITY_BYTES = 256 * 1024

/** At an ack: what a sink was offered, and has neither written nor given away. */
function unanswered(giving: Giving, { sinks, fallback, onSuccess }: Topology): string | undefined {
  for (const offers of giving.offers.values()) {
    const last = offers.at(-1)
    if (last === undefined) continue
    const role = [...sinks, fallback, onSuccess].find((each) => each?.name === last.sink)
    const mayDrop = role?.retry.onExhausted === 'drop' || role?.retry.onExhausted === 'fallback'
    if (last.outcome === 'hold' || (!mayDrop && (last.outcome === 'failure' || last.outcome === 'error')))
      return `${last.name} was not written by ${last.sink} (${last.outcome})`
  }
  return undefined
}

function sourceOf(
  messages: readonly SimulatedMessage[],
  random: () => number,
  now: () => number,
): ScriptedSource {
  const recordOf = (number: number) => {
    const message = messages[number]
    const record = typeof message === 'string' || message instanceof Uint8Array ? { value: message } : message
    return { ...record, offset: number }
  }
  return new ScriptedSource({
    count: messages.length,
    recordOf,
    burst: 20,
    asyncRate: 0.3,
    random,
    clock: { now },
  })
}

function split(key: string): [string, string] {
  const at = key.indexOf('|')
  return [key.slice(0, at), key.slice(at + 1)]
}
