// I10: the account of the roots adds up whenever somebody looks, though what is in flight is counted by itself: after every step,
// every death and every opening of random worlds, nacks and all.

import { describe, expect, it } from 'vitest'
import { Counters } from '../../../src/kernel/counters.js'
import { Response } from '../../../src/sinks/response.js'
import type { SourceRecord } from '../../../src/sources/source.js'
import { seeded } from '../../../src/testing/seeded.js'
import { World } from '../../../src/testing/world.js'
import { defineTopology } from '../../../src/topology/define.js'

const RUNS = Number(process.env.RUNS ?? 40)
const RECORDS = 60

describe('the account of the roots', () => {
  it('adds up at every moment', async () => {
    const first = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))
    const seen = { looks: 0, abandoned: 0, nacked: 0, inFlight: 0 }
    for (let seed = first; seed < first + RUNS; seed++) await play(seed, seen)
    // Nothing of it was always zero.
    expect({ first, ...seen }).toEqual({
      first,
      looks: expect.toSatisfy((count) => count > 1_000),
      abandoned: expect.toSatisfy((count) => count > 0),
      nacked: expect.toSatisfy((count) => count > 0),
      inFlight: expect.toSatisfy((count) => count > 0),
    })
  })
})

async function play(seed: number, seen: Record<string, number>): Promise<void> {
  const random = seeded(seed)
  const source = listSource()
  const topology = defineTopology({
    name: 'account',
    source,
    map: { handler: (message) => (random() < 0.2 ? undefined : message.text()), threads: 2 },
    sink: {
      write: (batch) =>
        batch.map((message) =>
          random() < 0.1 ? Response.nack(message, { reason: 'not now' }) : Response.ok(message),
        ),
    },
    order: 'none',
    limits: { messageBytes: 100, inFlight: 16, maxDeliveries: 1_000 },
  })
  const look = () => check(world, seed, seen)
  const world: World = new World({
    topology,
    random,
    capacityBytes: 2048,
    crashRate: 0.02,
    deathsMax: 6,
    open: async (_, { name }) => {
      if (name === 'ingress') source.open()
    },
    observer: { stepped: look, died: look, opened: look },
  })
  await world.run()
  look()
}

function check(world: World, seed: number, seen: Record<string, number>): void {
  const reader = world.plan.actors.findIndex(({ kind }) => kind === 'reader')
  const account = new Counters(world.memory.counters[reader]).roots()
  if (account === undefined) throw new Error(`seed ${seed}: no account can be read`)
  const { read, acked, nacked, inFlight, abandoned } = account
  if (read !== acked + nacked + inFlight + abandoned || Math.min(...Object.values(account)) < 0)
    throw new Error(`seed ${seed}, event ${world.events}: ${JSON.stringify(account)}`)
  seen.looks++
  seen.abandoned += abandoned
  seen.nacked += nacked
  seen.inFlight += inFlight
}

/** Gives again what was nacked, and, after a death, everything that was not acked. */
function listSource() {
  const open = new Set(Array.from({ length: RECORDS }, (_, i) => i))
  let given = new Set<number>()
  return {
    open: () => {
      given = new Set()
    },
    read(max: number): SourceRecord[] | null {
      if (open.size === 0) return null
      const next = [...open].filter((offset) => !given.has(offset)).slice(0, Math.min(max, 5))
      for (const offset of next) given.add(offset)
      return next.map((offset) => ({ offset: BigInt(offset), value: `record ${offset}` }))
    },
    ack(acks: readonly { offset: bigint }[]) {
      for (const { offset } of acks) open.delete(Number(offset))
    },
    nack(nacks: readonly { offset: bigint }[]) {
      for (const { offset } of nacks) given.delete(Number(offset))
    },
  }
}
