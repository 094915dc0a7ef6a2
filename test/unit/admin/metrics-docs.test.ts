// docs/metrics.md and what is really there: the same names, types and labels.

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { AdminState } from '../../../src/admin/admin-state.js'
import { writeFieldMetrics } from '../../../src/admin/metrics/field-metrics.js'
import { writeOwnMetrics } from '../../../src/admin/metrics/own-metrics.js'
import { Scrape } from '../../../src/admin/metrics/scrape.js'
import { Counters } from '../../../src/kernel/counters.js'
import { Response } from '../../../src/sinks/response.js'
import type { Sink } from '../../../src/sinks/sink.js'
import { defineTopology } from '../../../src/topology/define.js'
import { Inspector } from '../../../src/topology/inspector.js'
import { LastErrors } from '../../../src/topology/last-errors.js'
import { createMemory } from '../../../src/topology/memory.js'
import { planOf } from '../../../src/topology/plan.js'
import { ROOT } from '../../support/child.js'
import { rowsOf } from '../../support/markdown.js'
import { type Family, parsePrometheus, sampleValue } from '../../support/prometheus.js'

/** A topology with so many stages and sinks, and everything else that there can be. Nothing of it runs. */
function scrapeOf(name: string, stages: number, sinks: number, readers = 1): string {
  const sink: Sink = { write: (batch) => batch.map(Response.ok) }
  const topology = defineTopology({
    name,
    source: { read: () => null, pending: () => 7, stats: () => ({}), driver: 'a', threads: readers },
    map: Array.from({ length: stages }, () => ({ handler: () => undefined, threads: 2 })),
    sink,
    sinks: Object.fromEntries(Array.from({ length: sinks - 1 }, (_, i) => [`sink-${i}`, sink])),
    routes: [{ when: { and: ['a'] }, to: 'drop' }],
    fallback: sink,
    onSuccess: sink,
    limits: { messageBytes: 1 },
  })
  const plan = planOf(topology)
  const memory = createMemory(plan)
  const threads = plan.threads.map((thread) => ({ thread, isDown: false, restarts: 0 }))
  const hands = { threads } as unknown as ConstructorParameters<typeof Inspector>[0]['hands']
  const inspector = new Inspector({ topology, plan, memory, hands, errors: new LastErrors(() => {}) })
  for (const reader of plan.actors.filter(({ kind }) => kind === 'reader'))
    Object.assign(inspector.endStats, { [reader.name]: { client_gone: 1 }, sink: { batches: 2 } })
  const counters = memory.counters.map((each) => new Counters(each))
  const inspect = () => inspector.inspect({ state: 'running', endedMs: undefined, failure: undefined })
  const view = { inspect, counters, mailboxes: memory.mailboxes }
  const state = new AdminState(view)
  const scrape = new Scrape(view, state)
  writeFieldMetrics(scrape)
  writeOwnMetrics(scrape)
  state.close()
  return scrape.text.text
}

const COMMON = ['mvtx_name', 'mvtx_replica']
const rows = rowsOf(readFileSync(`${ROOT}docs/metrics.md`, 'utf8')).filter(([name]) => /^`(mo|mi)/.test(name))

function labelsOf({ samples }: Family): string[] {
  const names = new Set(samples.flatMap(({ labels }) => Object.keys(labels)))
  return [...names].filter((name) => name !== 'le' && !COMMON.includes(name)).sort()
}

function namesIn(labels: string): string[] {
  return [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label).sort()
}

it('are documented by name, type and labels, each once, and nothing else is', () => {
  const families = parsePrometheus(scrapeOf('orders', 2, 2))
  const emitted = [...families.values()].map((family) => [family.name, family.type, labelsOf(family).join()])
  const documented = rows.map(([name, type, labels]) => [
    name.replaceAll('`', ''),
    type,
    namesIn(labels).join(),
  ])
  expect(documented.sort()).toEqual(emitted.sort())
})

it('have only labels that are there always, where there is one stage and one sink', () => {
  const families = parsePrometheus(scrapeOf('orders', 1, 1))
  for (const [name, , labels] of rows) {
    const family = families.get(name.replaceAll('`', ''))
    expect([name, family && labelsOf(family)]).toEqual([name, namesIn(labels.replace(/\[.*\]/, ''))])
  }
})

it('add up what several readers say of themselves', () => {
  expect(sampleValue(parsePrometheus(scrapeOf('orders', 1, 1, 3)), 'millrace_source_stat')).toBe(3)
})

it('stay below 200 KB, however many stages and sinks there are, and however long the names', () => {
  for (const [length, stages, sinks] of [
    [6, 1, 1],
    [128, 1, 1],
    [128, 8, 12],
  ]) {
    const text = scrapeOf('n'.repeat(length), stages, sinks)
    parsePrometheus(text)
    const buckets = text
      .split('\n')
      .filter((line) => line.includes('_bucket{'))
      .join('\n').length
    expect(buckets).toBeLessThan(200_000)
  }
  expect(scrapeOf('orders', 1, 1).length).toBeLessThan(150_000)
})
