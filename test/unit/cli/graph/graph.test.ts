// The plan as text, Mermaid and data.

import { describe, expect, test } from 'vitest'
import { type Graph, graphOf } from '../../../../src/cli/graph/graph-of.js'
import { bytesText, conditionText, graphText } from '../../../../src/cli/graph/graph-text.js'
import { mermaidOf } from '../../../../src/cli/graph/mermaid.js'
import { MAILBOX_HEADER_BYTES } from '../../../../src/kernel/layout.js'
import type { Sink } from '../../../../src/sinks/sink.js'
import { withDefaults } from '../../../../src/topology/defaults.js'
import { planOf } from '../../../../src/topology/plan.js'
import type { TopologyOptions } from '../../../../src/topology/types.js'

const machine = { cores: 3, memoryBytes: 16 * 1024 ** 3 }
const source = { read: () => null, name: 'orders', ordered: true }
const sink = (name: string, ordered = true): Sink => ({ name, ordered, write: () => [] })
const handler = () => undefined

function graph(more: Partial<TopologyOptions> = {}): Graph {
  const topology = withDefaults({ name: 'shop', source, sink: sink('file'), ...more }, machine)
  return graphOf(topology, planOf(topology))
}

const whole = () =>
  graph({
    map: { name: 'price', handler, retry: { attempts: 5 } },
    sinks: { alerts: sink('log') },
    routes: [{ when: { or: ['large', 'odd'] }, to: ['sink', 'alerts'] }],
    fallback: sink('file'),
  })

describe('the order', () => {
  test.each<[Partial<TopologyOptions>, string, string | null, string]>([
    [{}, 'source', null, 'default: the source is one ordered stream, and no sink reorders it'],
    [{ source: { read: () => null } }, 'key', null, 'default: the source is not one ordered stream'],
    [
      { sink: sink('a', false), sinks: { b: sink('b', false), c: sink('c') } },
      'key',
      null,
      'default: not ordered is sink, b',
    ],
    [{ order: 'none' }, 'none', 'order', 'as order says'],
    [{ map: { handler, order: 'key' } }, 'key', 'map.order', 'as map.order says'],
    [{ map: [handler, { handler, order: 'key' }] }, 'key', 'map[1].order', 'as map[1].order says'],
  ])('%j', (more, value, given, why) => {
    expect(graph(more).order).toEqual({ value, given, why })
  })
})

test('the data has all actors, mailboxes, routes and strategies', () => {
  const { actors, mailboxes, memoryBytes, routes, threads } = whole()
  expect(threads).toEqual(['ingress', 'price-0', 'price-1', 'egress'])
  expect(actors.map(({ name, kind, thread, runs }) => [name, kind, thread, runs])).toEqual([
    ['reader', 'reader', 'ingress', 'orders'],
    ['price-0', 'mapper', 'price-0', 'price'],
    ['price-1', 'mapper', 'price-1', 'price'],
    ['sink', 'sink', 'egress', 'file'],
    ['alerts', 'sink', 'egress', 'log'],
    ['fallback', 'sink', 'egress', 'file'],
    ['forwarder', 'forwarder', 'egress', undefined],
  ])
  expect(actors[1]).toMatchObject({
    concurrency: 64,
    timeoutMs: 30_000,
    retry: { attempts: 5, onExhausted: 'fallback' },
  })
  expect(actors[3]).toMatchObject({ batchMax: 500, retry: { attempts: null } })
  expect(routes).toEqual([
    { when: { or: ['large', 'odd'] }, to: ['sink', 'alerts'] },
    { when: null, to: ['sink'] },
  ])
  // Each mailbox has a header of 512 bytes; parkings are with their actors.
  const inAll =
    mailboxes.reduce((sum, { capacityBytes }) => sum + capacityBytes + MAILBOX_HEADER_BYTES, 0) +
    actors.reduce(
      (sum, { parkingBytes }) => sum + (parkingBytes > 0 ? parkingBytes + MAILBOX_HEADER_BYTES : 0),
      0,
    )
  expect(inAll).toBe(memoryBytes)
  expect(mailboxes.filter(({ settles }) => settles).map(({ from }) => from)).toEqual([
    'sink',
    'alerts',
    'fallback',
  ])
  expect(JSON.parse(JSON.stringify(whole()))).toEqual(whole())
})

test('branches lie side by side, each with what it takes', () => {
  const branched = graph({
    map: {
      name: 'score',
      branches: [
        { name: 'canary', when: { or: ['canary', 'b"'] }, handler, threads: 1 },
        { name: 'stable', handler, threads: 1 },
      ],
    },
  })
  expect(branched.order).toMatchObject({ value: 'key', why: 'default: branches overtake each other' })
  expect(branched.branches).toEqual([
    { stage: 'score', when: { or: ['canary', 'b"'] }, to: 'score.canary' },
    { stage: 'score', when: null, to: 'score.stable' },
  ])
  expect(branched.actors.map(({ name, runs }) => [name, runs])).toContainEqual([
    'score.canary',
    'score.canary',
  ])
  expect(graphText(branched)).toContain(`Branches, the first that fits
  score  tags "canary" or "b\\""  → score.canary
  score  all else                → score.stable
`)
  const chart = mermaidOf(branched)
  expect(chart).toContain('<br/>parking 4 MiB<br/>tags #34;canary#34; or #34;b#92;#34;#34;"]')
  expect(chart).toContain('<br/>parking 4 MiB<br/>all else"]')
  expect(graph({ map: handler }).branches).toEqual([])
})

test('the text', () => {
  expect(graphText(whole())).toBe(`shop

  order      source (default: the source is one ordered stream, and no sink reorders it)
  memory     69 MiB of at most 8 GiB, for messages of up to 1 MiB
  in flight  at most 16,384 records

  actor      thread   kind       runs    at once  batch  timeout  tries     back-off                      then      parking
  reader     ingress  reader     orders
  price-0    price-0  mapper     price   64              30.0 s   5         10 ms × 2 to 1,000 ms ± 20 %  fallback  4 MiB
  price-1    price-1  mapper     price   64              30.0 s   5         10 ms × 2 to 1,000 ms ± 20 %  fallback  4 MiB
  sink       egress   sink       file    1        500    30.0 s   no limit  10 ms × 2 to 1,000 ms ± 20 %            4 MiB
  alerts     egress   sink       log     1        500    30.0 s   no limit  10 ms × 2 to 1,000 ms ± 20 %            4 MiB
  fallback   egress   sink       file    1        500    30.0 s   no limit  10 ms × 2 to 1,000 ms ± 20 %            4 MiB
  forwarder  egress   forwarder

Mailboxes
  reader → price-0      4 MiB
  reader → price-1      4 MiB
  price-0 → forwarder   4 MiB
  price-1 → forwarder   4 MiB
  forwarder → sink      4 MiB
  forwarder → alerts    4 MiB
  forwarder → fallback  4 MiB
  sink → reader         4 MiB  settlements
  sink → fallback       4 MiB
  alerts → reader       4 MiB  settlements
  alerts → fallback     4 MiB
  fallback → reader     4 MiB  settlements

Routes, the first that fits
  tags "large" or "odd"  → sink, alerts
  all else               → sink
`)
})

test('a name cannot steer the terminal', () => {
  expect(graphText(graph({ source: { ...source, name: 'a\x1b[31m\nb' } }))).toContain('  a?[31m?b\n')
})

test.each([
  [0, '0 B'],
  [1_023, '1,023 B'],
  [1_536, '1.5 KiB'],
  [20_974_080, '20 MiB'],
  [3 * 1024 ** 4, '3 TiB'],
  [5_000 * 1024 ** 4, '5,000 TiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text)
})

test.each([
  [{ and: ['a', 'b'] }, 'tags "a" and "b"'],
  [{ and: [] }, 'all'],
  [{ or: ['a'] }, 'tags "a"'],
  [{ not: ['a', 'b'] }, 'no tag "a" nor "b"'],
  [{ not: [] }, 'all'],
  [null, 'all else'],
])('%j is %s', (when, text) => {
  expect(conditionText(when)).toBe(text)
})

describe('Mermaid', () => {
  const LABEL = String.raw`"(?:[^"#&;<>\x60\\{}\p{Cc}\u2028\u2029]|#\d+;|<br/>)*"`
  const NODE = String.raw`a\d+(?:\(\[${LABEL}\]\)|\[${LABEL}\]|\{${LABEL}\})`
  /** What we use of its grammar. */
  const GRAMMAR = [
    /%% [^{}\p{Cc}]*/u,
    /flowchart LR/,
    new RegExp(String.raw` {2}subgraph t\d+\[${LABEL}\]`, 'u'),
    new RegExp(` {4}${NODE}`, 'u'),
    / {2}end/,
    new RegExp(String.raw` {2}a\d+ -- ${LABEL} --> a\d+`, 'u'),
    new RegExp(String.raw` {2}a\d+ -\. ${LABEL} \.-> a\d+`, 'u'),
  ].map((line) => new RegExp(`^${line.source}$`, line.flags))

  function expectSound(text: string): void {
    const lines = text.trimEnd().split('\n')
    for (const line of lines)
      expect(
        GRAMMAR.some((one) => one.test(line)),
        line,
      ).toBe(true)
    const boxes = lines.flatMap((line) => /^ {4}(a\d+)/.exec(line)?.[1] ?? [])
    const ends = lines.flatMap((line) => /^ {2}(a\d+) .* (a\d+)$/.exec(line)?.slice(1) ?? [])
    expect(new Set(boxes).size).toBe(boxes.length)
    expect([...new Set(ends)].filter((end) => !boxes.includes(end))).toEqual([])
    const depth = lines.filter((line) => line.startsWith('  subgraph')).length
    expect(lines.filter((line) => line === '  end')).toHaveLength(depth)
  }

  test('a box for each thread, its actors in it, an arrow for each mailbox', () => {
    const text = mermaidOf(whole())
    expectSound(text)
    expect(text).toContain('%% shop: order source, 69 MiB of shared memory\nflowchart LR\n')
    expect(text).toContain(`  subgraph t1["thread price-0"]
    a1["price-0<br/>price<br/>concurrency 64<br/>5 tries, then fallback<br/>parking 4 MiB"]
  end
`)
    expect(text).toContain('  a0 -- "4 MiB" --> a1\n')
    expect(text).toContain('  a3 -. "settlements, 4 MiB" .-> a0\n')
  })

  test('one try is no tries', () => {
    const graph = whole()
    const actors = graph.actors.map((actor) =>
      actor.retry === undefined ? actor : { ...actor, retry: { ...actor.retry, attempts: 1 } },
    )
    const text = mermaidOf({ ...graph, actors })
    expect(text).toContain('<br/>1 try, then fallback<br/>')
    expect(text).not.toContain('1 tries')
  })

  test('names that Mermaid would read are only names', () => {
    const evil = 'a"]; end `x` <script> {} #quot; %%{init}%% \n\u2028 --> b & | \\'
    const text = mermaidOf(
      graph({
        name: 'end',
        source: { ...source, name: evil },
        map: { name: 'subgraph', handler },
        sink: sink(evil),
        sinks: { class: sink('style') },
        routes: [{ when: { and: [evil] }, to: 'class' }],
      }),
    )
    expectSound(text)
    expect(text).not.toContain('<script')
  })

  test('the grammar sees what is wrong', () => {
    for (const bad of ['  a0["x" y"]', '    a0["a<b"]', '    a0["#quot"]', '  end;', '  a0 --> a1'])
      expect(() => expectSound(bad), bad).toThrow()
  })
})
