// Which thread each actor is on.

import { expect, test } from 'vitest'
import { blackhole } from '../../../src/sinks/blackhole.js'
import { respond } from '../../../src/sinks/respond.js'
import { generator } from '../../../src/sources/generator.js'
import { defineTopology } from '../../../src/topology/define.js'
import { planOf } from '../../../src/topology/plan.js'
import type { TopologyOptions } from '../../../src/topology/types.js'

const map = { handler: () => undefined, threads: 1 }
const threadsOf = (more: Partial<TopologyOptions>) => {
  const { actors, threads } = planOf(
    defineTopology({ name: 'a', source: generator(), map, sink: respond(), ...more }),
  )
  return { threads, byName: Object.fromEntries(actors.map(({ name, thread }) => [name, thread])) }
}

test('a sink says that it runs beside the source; else it is on the thread of all sinks', () => {
  expect(threadsOf({}).threads).toEqual(['ingress', 'map'])
  expect(threadsOf({ sink: blackhole() }).threads).toEqual(['ingress', 'map', 'egress'])
  expect(threadsOf({ fallback: blackhole() }).byName).toMatchObject({ sink: 'ingress', fallback: 'egress' })
})

test('the forwarder is where all sinks are, or on the thread of sinks', () => {
  const routes = [{ when: { or: ['x'] }, to: 'other' }]
  expect(threadsOf({ sinks: { other: respond() }, routes }).byName.forwarder).toBe('ingress')
  expect(threadsOf({ sinks: { other: blackhole() }, routes }).byName.forwarder).toBe('egress')
})

test('inline there is one thread', () => {
  expect(threadsOf({ threads: 0 }).threads).toEqual(['inline'])
})
