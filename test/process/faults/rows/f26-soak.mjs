// F26: everything at random, for as long as is wanted: all invariants hold, and memory is flat.

import { rmSync, writeFileSync } from 'node:fs'
import { hasCheckpoint } from '../features.mjs'
import { inHandOf } from '../in-hand.mjs'
import { growthOf } from '../memory-growth.mjs'
import { positionProblems, positionsOf } from '../positions.mjs'
import { residentMiB } from '../proc.mjs'
import { Sampler } from '../sampler.mjs'
import { successorProblems, successorsOf } from '../successors.mjs'
import { elapsed } from '../until.mjs'

const RATE = 1_500
const MINUTES_QUICK = 0.5
/** A map thread dies or hangs every so many messages; those at the ends less often. */
const DEATH_EVERY = 15_000
const END_DEATH_EVERY = 30_000
const FAILURE = 0.02
/** Growth of a life that lasted a minute or longer. */
const GROWTH_MIB_PER_MINUTE = 4
const END_MS = 180_000

/** @type {import('../row.mjs').Row} */
export const soak = {
  id: 'F26',
  name: 'everything at random',
  bound: 'as each fault allows',
  isSoak: true,
  needs: ['proc'],
  async run(context, account) {
    const minutes = context.minutes || MINUTES_QUICK
    const { random } = context
    const order = random.pick(['none', 'key', 'source'])
    const count = Math.ceil(minutes * 60 * RATE * 0.8)
    const stage = context.scene('soak', { count, keys: 300 })
    const parameters = {
      order,
      rate: RATE,
      probability: FAILURE,
      ...faultsOf(random, count),
      ...(await memoryOf()),
    }
    const run = new Soak(stage, account, random, parameters)
    await run.go(performance.now() + minutes * 60_000)
    verify(stage, account, parameters)
    account.note(`order ${order}, ${stage.life} lives`)
    account.expect('memory', run.memoryProblems())
  },
}

async function memoryOf() {
  return (await hasCheckpoint()) ? { checkpoint: true } : { remembers: true }
}

function faultsOf(random, count) {
  const ids = (every) => random.distinct(Math.max(1, Math.floor(count / every)), 100, count - 1)
  return {
    deaths: ids(DEATH_EVERY).map((id) => [id, random.pick(['exit', 'lateExit', 'spin', 'never'])]),
    sinkDeaths: ids(END_DEATH_EVERY),
    readDeaths: random.distinct(3, 2_000, 20_000),
  }
}

/** One process after another, and what is done to them. */
class Soak {
  constructor(stage, account, random, parameters) {
    this.stage = stage
    this.account = account
    this.random = random
    this.parameters = parameters
    this.growths = []
    this.kills = 0
  }

  async go(endMs) {
    for (;;) {
      const ended = await this.#life(endMs)
      if (ended.signal === 'SIGKILL' && !ended.late) continue
      this.account.addEnd(`life ${this.stage.life}`, ended, 0)
      const { summary } = ended
      // A drain ends with lines left; the end of the source is the end.
      if (ended.code !== 0 || ended.late || summary?.pending === 0) return
    }
  }

  async #life(endMs) {
    const timeoutMs = Math.max(0, endMs - performance.now()) + END_MS
    const child = this.stage.start('soak', this.parameters, { timeoutMs })
    const sampler = new Sampler(() => residentMiB(child.pid), 500)
    const isQuiet = () => performance.now() > endMs
    while (!child.isOver && !isQuiet()) {
      await this.#wait(child, this.random.between(1_000, 10_000))
      if (!child.isOver && !isQuiet()) await this.#fault(child)
    }
    const ended = await child.ended
    this.growths.push(growthOf(sampler.stop()))
    return ended
  }

  /** One fault, which is over when this resolves. */
  async #fault(child) {
    this.account.fault()
    const way = this.random.pick([
      'kill',
      'drain',
      'stop',
      'stop',
      'sink-down',
      'sink-slow',
      'fallback-down',
      'sink-down',
    ])
    if (way === 'kill') return this.#signal(child, 'SIGKILL')
    if (way === 'drain') return this.#signal(child, 'SIGTERM')
    const forMs = this.random.between(200, 4_000)
    if (way === 'stop') {
      child.signal('SIGSTOP')
      await elapsed(forMs)
      child.signal('SIGCONT')
      return
    }
    writeFileSync(this.stage.path(way), '')
    await this.#wait(child, forMs)
    rmSync(this.stage.path(way))
  }

  async #signal(child, name) {
    child.signal(name)
    await child.ended
  }

  #wait(child, ms) {
    return Promise.race([elapsed(ms), child.ended])
  }

  memoryProblems() {
    const known = this.growths.filter((growth) => growth !== undefined)
    if (known.length > 0)
      this.account.note(
        `resident memory grew by ${known.map((each) => each.toFixed(1)).join(', ')} MiB a minute`,
      )
    const grew = known.filter((each) => each > GROWTH_MIB_PER_MINUTE)
    return grew.map(
      (each) => `grew by ${each.toFixed(1)} MiB a minute, wanted at most ${GROWTH_MIB_PER_MINUTE}`,
    )
  }
}

function verify(stage, account, { order, checkpoint = false }) {
  const positions = positionsOf(stage, { isPositional: checkpoint })
  const deaths = stage.ledger('faults').events.filter(({ word }) => word.endsWith('death'))
  const inHand = inHandOf(deaths.filter(({ word }) => word === 'sink-death'))
  const successors = successorsOf(stage)
  const mayRepeat = ({ id, life, before }) => {
    const offset = stage.input.offsets[id]
    if (life > before.life && offset >= (positions.get(life)?.durable ?? 0)) return true
    return inHand.has(id) || successors.some((each) => each.life === life && offset >= each.committed)
  }
  account.fault(deaths.length)
  account.addScene(stage, 'all', { order, isComplete: true, mayRepeat, tornMax: stage.life })
  account.expect('positions', [...positionProblems(positions), ...successorProblems(successors)])
}
