// Which thread each actor is on.

import { describe, expect, test } from 'vitest'
import { blackhole } from '../../../src/sinks/blackhole.js'
import { respond } from '../../../src/sinks/respond.js'
import { generator } from '../../../src/sources/generator.js'
import type { Source } from '../../../src/sources/source.js'
import { defineTopology } from '../../../src/topology/define.js'
import { createMemory } from '../../../src/topology/memory.js'
import { planOf, readersOf } from '../../../src/topology/plan.js'
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

describe('a source on several threads', () => {
  const source: Source = { read: () => null, threads: 2 }

  test('has a reader on each, from which the first stage reads, and to which every sink settles', () => {
    const topology = defineTopology({ name: 'a', source, map, sink: blackhole(), fallback: blackhole() })
    const plan = planOf(topology)
    expect(plan.threads).toEqual(['ingress-0', 'ingress-1', 'map', 'egress'])
    expect(readersOf(plan).map(({ name, thread, replica }) => [name, thread, replica])).toEqual([
      ['reader-0', 'ingress-0', 0],
      ['reader-1', 'ingress-1', 1],
    ])
    const links = plan.mailboxes.filter(({ from, to }) => from !== to).map(({ from, to }) => `${from} ${to}`)
    const settlements = ['sink', 'fallback'].flatMap((from) => [`${from} reader-0`, `${from} reader-1`])
    expect(links.sort()).toEqual(
      ['reader-0 map', 'reader-1 map', 'map sink', 'sink fallback', ...settlements].sort(),
    )
    expect(createMemory(plan).agreement).toBeDefined()
  })

  test('has no sink beside it: that would be beside one of them', () => {
    expect(threadsOf({ source }).byName).toMatchObject({ sink: 'egress' })
    const routes = [{ when: { or: ['x'] }, to: 'other' }]
    expect(threadsOf({ source, sinks: { other: respond() }, routes }).byName.forwarder).toBe('egress')
  })

  test('has one reader inline', () => {
    const plan = planOf(defineTopology({ name: 'a', source, map, sink: respond(), threads: 0 }))
    expect(readersOf(plan).map(({ name, thread }) => [name, thread])).toEqual([['reader', 'inline']])
    expect(createMemory(plan).agreement).toBeUndefined()
  })

  test('shares out the slots for what it cancels', () => {
    const slotsOf = (more: Partial<Source>) =>
      planOf(defineTopology({ name: 'a', source: { ...source, ...more }, sink: blackhole() })).cancelSlots
    expect(slotsOf({})).toBe(0)
    expect(slotsOf({ cancels: true })).toBe(slotsOf({ cancels: true, threads: 1 }))
  })

  test('has no name that is taken', () => {
    const stage = { ...map, name: 'reader-1' }
    expect(() => threadsOf({ source, map: stage })).toThrow('two threads would have the name "reader-1"')
  })
})
