// Before a run, source and sinks are asked whether they could be opened: all of them, once, and not for ever.

import { expect, test } from 'vitest'
import { MillraceError } from '../../../src/kernel/failure.js'
import type { Sink } from '../../../src/sinks/sink.js'
import { checkEnds } from '../../../src/topology/check-ends.js'
import { withDefaults } from '../../../src/topology/defaults.js'
import type { TopologyOptions } from '../../../src/topology/types.js'

const sink = (check?: Sink['check']): Sink => ({ write: () => [], ...(check && { check }) })
const topologyOf = (more: Partial<TopologyOptions>) =>
  withDefaults({ name: 'a', source: { read: () => null }, sink: sink(), ...more })
const problems = async (more: Partial<TopologyOptions>, timeoutMs?: number) =>
  (await checkEnds(topologyOf(more), timeoutMs)).map(({ code, message }) => `${code} ${message}`)

test('who has no check has no problem', async () => {
  expect(await problems({})).toEqual([])
  expect(await problems({ sink: sink(() => {}), fallback: sink(async () => {}) })).toEqual([])
})

test('all problems are given, each with who has it', async () => {
  const fails = (what: unknown) => () => Promise.reject(what)
  expect(
    await problems({
      source: { name: 'orders', read: () => null, check: fails(new Error('no such topic')) },
      sink: sink(() => {
        throw null
      }),
      sinks: { alerts: sink(fails('refused')) },
      fallback: sink(fails(new MillraceError('ERR_CONFIG', 'mine: got 1, wanted 2'))),
    }),
  ).toEqual([
    'ERR_OPEN orders: cannot be opened: no such topic',
    'ERR_OPEN sink: cannot be opened: null',
    'ERR_OPEN alerts: cannot be opened: refused',
    'ERR_CONFIG mine: got 1, wanted 2',
  ])
})

test('one that does not answer is not waited for', async () => {
  expect(await problems({ sink: sink(() => new Promise(() => {})) }, 20)).toEqual([
    'ERR_OPEN sink: cannot be opened: check() has not ended after 20 ms',
  ])
})

test('an object with several roles is asked once, as itself', async () => {
  let calls = 0
  const both = {
    ...sink(),
    path: 'here',
    check() {
      calls++
      expect(this.path).toBe('here')
    },
  }
  expect(await problems({ sink: both, fallback: both, sinks: { more: both } })).toEqual([])
  expect(calls).toBe(1)
})
