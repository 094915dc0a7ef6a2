// A stage with branches: what is wrong is said, and the plan has an actor for each of their threads.

import { describe, expect, test } from 'vitest'
import { isMillraceError } from '../../../src/kernel/failure.js'
import { Response } from '../../../src/sinks/response.js'
import { defineTopology } from '../../../src/topology/define.js'
import { topologyJsonSchema } from '../../../src/topology/json-schema.js'
import { planOf } from '../../../src/topology/plan.js'
import { branchFunction } from '../../../src/topology/route.js'

const define = defineTopology as (options: unknown) => ReturnType<typeof defineTopology>
const handler = () => undefined
const when = { or: ['canary'] }
const canary = { name: 'canary', when, handler }
const stable = { name: 'stable', handler }
const base = { name: 'a', source: { read: () => null }, sink: { write: () => [] } }
const stage = (...branches: object[]) => ({ ...base, map: { name: 'score', branches } })

function problemsOf(options: unknown): string[] {
  try {
    define(options)
  } catch (error) {
    if (!isMillraceError(error)) throw error
    return error.message.split('\n').map((line) => line.replace(/^topology "a": /, ''))
  }
  return []
}

describe('what is wrong is said', () => {
  const last = 'nothing: the last branch takes all that no other takes'
  const other = 'a condition on tags: only the last branch takes everything else'
  const order = '"key" or "none": messages of different branches overtake each other'
  const list = 'a list of branches { name, when, handler }'
  const sinks = { 'score.stable': { write: () => [] } }
  test.each<[what: string, options: object, problems: string[]]>([
    ['nothing', stage(canary, stable), []],
    ['no branch', stage(), [`map.branches: got an empty list, wanted ${list}`]],
    ['a function', { ...base, map: { branches: handler } }, [`map.branches: got a function, wanted ${list}`]],
    [
      'the last one has a condition',
      stage(canary),
      [`map.branches[0].when: got an object with or, wanted ${last}`],
    ],
    [
      'another one has none',
      stage(stable, { ...stable, name: 'b' }),
      [`map.branches[0].when: got nothing, wanted ${other}`],
    ],
    [
      'a name twice',
      stage({ ...canary, name: 'stable' }, stable),
      ['map.branches[1].name: got "score.stable", wanted a name that nothing else has'],
    ],
    [
      'the name of a sink',
      { ...stage(canary, stable), sinks },
      ['map.branches[1].name: got "score.stable", wanted a name that nothing else has'],
    ],
    [
      'no name',
      stage(canary, { handler }),
      ['map.branches[1].name: got nothing, wanted letters, digits, "-", "_" and ".", at most 128'],
    ],
    [
      'a name that is too long with that of its stage',
      stage({ ...canary, name: 'c'.repeat(125) }, stable),
      [
        `map.branches[0].name: got "score.${'c'.repeat(54)}…" in full, wanted letters, digits, "-", "_" and ".", at most 128`,
      ],
    ],
    [
      'options of a handler beside branches',
      { ...base, map: { branches: [canary, stable], threads: 2 } },
      ['unknown option map.threads; known here: branches, name and order'],
    ],
    [
      'a handler beside branches',
      { ...base, map: [{ branches: [canary, stable], handler }] },
      ['unknown option map[0].branches'],
    ],
    [
      'a misspelt option of a branch',
      stage({ ...canary, thread: 1 }, stable),
      ['unknown option map.branches[0].thread; did you mean map.branches[0].threads?'],
    ],
    [
      'a condition of two',
      stage({ ...canary, when: { or: ['a'], and: ['b'] } }, stable),
      [
        'map.branches[0].when: got an object with or and and, wanted an object with exactly one of and, or, not',
      ],
    ],
    [
      'order by source',
      { ...stage(canary, stable), order: 'source' },
      [`order: got "source" with branches, wanted ${order}`],
    ],
    [
      'order by source, said by the stage',
      { ...base, map: { order: 'source', branches: [canary, stable] } },
      [`map.order: got "source" with branches, wanted ${order}`],
    ],
    [
      'to the fallback without one',
      stage({ ...canary, retry: { onExhausted: 'fallback' } }, stable),
      [
        'map.branches[0].retry.onExhausted: got "fallback" without a fallback sink, wanted a sink as `fallback`, or "drop", "nack" or "stop"',
      ],
    ],
  ])('%s', (_, options, problems) => {
    const got = problemsOf(options)
    expect(got).toHaveLength(problems.length)
    for (const [i, problem] of problems.entries()) expect(got[i]).toContain(problem)
  })
})

test('each branch is a stage of its own, beside the others', () => {
  const { stages, order } = define({
    ...base,
    source: { read: () => null, ordered: true },
    sink: { write: () => [], ordered: true },
    retry: { attempts: 7 },
    map: [
      handler,
      {
        name: 'score',
        branches: [{ ...canary, threads: 1, concurrency: 5, retry: { attempts: 2 } }, stable],
      },
    ],
  })
  expect(order).toBe('key')
  expect(
    stages.map(({ name, level, branchOf, when, concurrency, retry }) => [
      name,
      level,
      branchOf,
      when,
      concurrency,
      retry.attempts,
    ]),
  ).toEqual([
    ['map-1', 0, undefined, undefined, 64, 7],
    ['score.canary', 1, 'score', when, 5, 2],
    ['score.stable', 1, 'score', undefined, 64, 7],
  ])
  expect(Object.isFrozen(stages[1].when)).toBe(true)
})

test('the plan has mailboxes from all before to each of their threads, and from these to all behind', () => {
  const topology = define({
    ...base,
    sink: { write: (batch: never[]) => batch.map(Response.ok) },
    map: [
      { name: 'parse', handler, threads: 2 },
      {
        name: 'score',
        branches: [
          { ...canary, threads: 1 },
          { ...stable, threads: 2 },
        ],
      },
    ],
  })
  const { actors, mailboxes, threads } = planOf(topology)
  const branches = ['score.canary', 'score.stable-0', 'score.stable-1']
  expect(threads).toEqual(['ingress', 'parse-0', 'parse-1', ...branches, 'egress'])
  const ways = mailboxes.filter(({ from, to }) => from !== to).map(({ from, to }) => `${from} → ${to}`)
  expect(ways).toEqual([
    'reader → parse-0',
    'reader → parse-1',
    ...['parse-0', 'parse-1'].flatMap((from) => branches.map((to) => `${from} → ${to}`)),
    ...branches.map((from) => `${from} → sink`),
    'sink → reader',
  ])
  expect(actors.find(({ name }) => name === 'score.stable-1')).toMatchObject({ stage: 2, replica: 1 })
})

test('no two threads have one name', () => {
  const map = [
    { name: 'score', branches: [{ ...canary, threads: 2 }, stable] },
    { name: 'score.canary-1', handler, threads: 1 },
  ]
  expect(() => planOf(define({ ...base, map }))).toThrow(
    'topology "a": map: two threads would have the name "score.canary-1": give one of the stages another name',
  )
})

test('the first branch that fits takes a message', () => {
  const choose = branchFunction([{ or: ['a', 'b'] }, { and: ['b', 'c'] }, { not: ['d'] }, undefined])
  const tags = [['a'], ['c', 'b'], ['c'], ['d'], ['d', 'a'], []]
  expect(tags.map(choose)).toEqual([0, 0, 2, 3, 0, 2])
  expect(branchFunction([{ and: ['b', 'c'] }, undefined])(['c', 'b'])).toBe(0)
})

test('the JSON schema has them', () => {
  const text = JSON.stringify(topologyJsonSchema())
  expect(text).toContain("Several handlers, chosen by a message's tags.")
  expect(text).toContain('Which messages it takes')
})
