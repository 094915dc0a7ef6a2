// Actors tell whoever traces all that ends a span: a record that is settled, a call and a write that are given up. Stepped by hand,
// with a clock that the test sets.

import { describe, expect, it } from 'vitest'
import type { ActorTracing } from '../../../src/actors/actor-tracing.js'
import type { Actor } from '../../../src/kernel/actor.js'
import { Response } from '../../../src/sinks/response.js'
import type { Source } from '../../../src/sources/source.js'
import { defineTopology } from '../../../src/topology/define.js'
import { createMemory } from '../../../src/topology/memory.js'
import { planOf } from '../../../src/topology/plan.js'
import type { TopologyOptions } from '../../../src/topology/types.js'
import { buildActor } from '../../../src/topology/wire.js'

const TIMEOUT_MS = 1_000
const never = () => new Promise<never>(() => {})

/** What was told, in its order. */
class Recorder implements ActorTracing {
  readonly told: string[] = []

  source: ActorTracing['source'] = (name, epoch) => ({
    received: (records, sequence) => {
      this.told.push(`${name} of epoch ${epoch} received ${records.length} from ${sequence} on`)
      return records.map((record, i) => ({ ...record, headers: { number: String(sequence + i) } }))
    },
    settled: (sequence, isNacked) => {
      this.told.push(`${sequence} ${isNacked ? 'nacked' : 'acked'}`)
    },
  })

  handler: ActorTracing['handler'] = (stage, handler) => ({
    handler: (message, context) => {
      this.told.push(`${stage} called for ${message.headers.number}`)
      return handler(message, context)
    },
    gaveUp: (message, error) => {
      this.told.push(`${stage} gave up ${message.headers.number}: ${(error as Error).message}`)
    },
  })

  sink: ActorTracing['sink'] = (name, sink) => ({
    sink: {
      ...sink,
      write: (batch) => {
        this.told.push(`${name} was given ${batch.map((message) => message.headers.number)}`)
        return sink.write(batch)
      },
    },
    gaveUp: (batch, error) => {
      this.told.push(
        `${name} gave up ${batch.map((message) => message.headers.number)}: ${(error as Error).message}`,
      )
    },
  })
}

/** Steps all actors of a topology by turns; the clock moves on only where `step` says so. */
function build(options: Partial<TopologyOptions>) {
  const recorder = new Recorder()
  const given = [
    [
      { value: 'a', offset: 0 },
      { value: 'b', offset: 1 },
    ],
    [{ value: 'c', offset: 2 }],
  ]
  const source: Source = { name: 'list', read: () => given.shift() ?? null, nack: () => {} }
  const sink = { write: (batch: readonly { id: string }[]) => batch.map(({ id }) => Response.ok(id)) }
  const topology = defineTopology({
    name: 'wired',
    source,
    sink,
    order: 'none',
    retry: { attempts: 2 },
    ...options,
  })
  const plan = planOf(topology)
  const memory = createMemory(plan)
  let nowMs = 1_000
  const log = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {} }
  const host = { clock: { now: () => nowMs }, random: () => 0.5, log, wake() {}, renew() {}, fail() {} }
  const life = { runKey: [1, 2] as const, incarnation: 0, tracing: recorder, onDone: () => {} }
  const actors: Actor[] = plan.actors.map((_, index) => buildActor(topology, plan, memory, index, host, life))
  const step = (laterMs = 0) => {
    nowMs += laterMs
    for (let turn = 0; turn < 20; turn++) for (const actor of actors) actor.step()
  }
  return { told: recorder.told, step }
}

describe('whoever traces is told', () => {
  it('of each record that is read, by its sequence, and of how it was settled', () => {
    const { told, step } = build({})
    for (let i = 0; i < 5; i++) step(10)
    expect(told.filter((line) => !line.startsWith('sink'))).toEqual([
      'list of epoch 1 received 2 from 0 on',
      '0 acked',
      '1 acked',
      'list of epoch 1 received 1 from 2 on',
      '2 acked',
    ])
  })

  it('of nacks', () => {
    const { told, step } = build({
      sink: { write: (batch) => batch.map((each) => Response.nack(each, { reason: 'no' })) },
    })
    for (let i = 0; i < 5; i++) step(10)
    expect(told).toContain('0 nacked')
  })

  it('of a call that takes too long, before the next attempt', () => {
    const { told, step } = build({
      map: { name: 'slow', handler: never, handlerTimeoutMs: TIMEOUT_MS, threads: 1 },
    })
    step()
    const gaveUp = `slow gave up 0: the handler gave no result within 1,000 ms`
    step(TIMEOUT_MS - 1)
    expect(told).not.toContain(gaveUp)
    step(1)
    expect(told).toContain(gaveUp)
    step(100)
    expect(told.filter((line) => line === 'slow called for 0')).toHaveLength(2)
    expect(told.lastIndexOf('slow called for 0')).toBeGreaterThan(told.indexOf(gaveUp))
  })

  it('of a write that takes too long', () => {
    const { told, step } = build({ sink: { write: never, writeTimeoutMs: TIMEOUT_MS } })
    step()
    step(TIMEOUT_MS - 1)
    expect(told.filter((line) => line.includes('gave up'))).toEqual([])
    step(1)
    expect(told.filter((line) => line.includes('gave up'))).toEqual([
      'sink gave up 0,1: no answer within 1,000 ms',
    ])
  })
})
