// docs/scaling.md: its tables are what bench/scale-out.mjs calculates, and its manifests speak of what is there.

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { parseAllDocuments } from 'yaml'
// @ts-expect-error: plain JavaScript
import { rollingDeploy } from '../../bench/scale-out/rolling-deploy.mjs'
// @ts-expect-error
import { ASSUMED, costTable, deployTable, madeUpTable, sizingTable } from '../../bench/scale-out/tables.mjs'
import { VARIABLES } from '../../src/cli/variables.js'
import { kafkajsDriver } from '../../src/kafka/kafkajs/kafkajs-driver.js'
import { createLog } from '../../src/kernel/log.js'
import { Response } from '../../src/sinks/response.js'
import { KafkaSource } from '../../src/sources/kafka/kafka-source.js'
import { settingsOf } from '../../src/sources/kafka/settings.js'
import { withDefaults } from '../../src/topology/defaults.js'
import { defineTopology } from '../../src/topology/define.js'
import type { Running } from '../../src/topology/running.js'
import { start } from '../../src/topology/start.js'
import { ask } from '../support/ask.js'
import { ROOT } from '../support/child.js'
import { blocksOf } from '../support/markdown.js'
import { type Family, parsePrometheus } from '../support/prometheus.js'

/** What a process may take after its drain, for the last commit and to leave the group: src/topology/thread-keeper.ts. */
const CLOSE_MS = 10_000

// biome-ignore lint/suspicious/noExplicitAny: manifests are looked at field by field
type Manifest = any

const page = readFileSync(`${ROOT}docs/scaling.md`, 'utf8')
const blocks = blocksOf(page)
const textOf = (file: string) =>
  blocks.find((block) => block.file === file)?.text ?? expect.fail(`no ${file}`)
const topology = textOf('topology.mjs')
const unit = blocks.find(({ language }) => language === 'ini')?.text ?? expect.fail('no unit')
const manifests: Manifest[] = blocks
  .filter(({ language }) => language === 'yaml')
  .flatMap(({ text }) => parseAllDocuments(text).map((document) => document.toJS()))

const ofKind = (kind: string): Manifest =>
  manifests.find((manifest) => manifest.kind === kind) ?? expect.fail(`no ${kind}`)
const pod = () => ofKind('Deployment').spec.template.spec
const numberIn = (name: string) =>
  Number(new RegExp(`\\b${name}: ([\\d_]+)`).exec(topology)?.[1].replaceAll('_', ''))

describe('its tables are calculated:', () => {
  test.each([
    ['sizing', sizingTable],
    ['made-up', madeUpTable],
    ['cost', costTable],
    ['deploy', deployTable],
  ])('%s', (name, table) => {
    const [, shown] = new RegExp(`<!-- ${name} -->\n([^]*?)\n<!-- /${name} -->`).exec(page) ?? []
    expect(shown).toBe(table(ASSUMED))
  })
})

describe('a simulated deploy', () => {
  const times = { heartbeatMs: 3_000, drainMs: 500, startMs: 3_000, readyMs: 2_000, syncMs: 400 }
  const run = (more: object) =>
    rollingDeploy({ ...times, processes: 10, atOnce: 1, rate: 7, rateOfOne: 1, isStatic: false, ...more })

  test('of static members leaves each partition alone for as long as its process is away', () => {
    const awayMs = times.drainMs + times.startMs + times.syncMs
    const { rebalances, takesMs, lagMaxMs, madeUpMs } = run({ isStatic: true })
    expect(rebalances).toBe(0)
    expect(takesMs).toBe(10 * awayMs + 9 * times.readyMs)
    // While one is away, that before it makes up for what came.
    const spare = 1 - 0.7
    const before = 0.7 * awayMs - spare * (awayMs + times.readyMs)
    expect(lagMaxMs * 7).toBeCloseTo(0.7 * awayMs + before, 6)
    expect(madeUpMs).toBeCloseTo((0.7 * awayMs) / spare, 6)
  })

  test('of all at once is a pause of all: until they are back, until the brokers wait no more, and until they read', () => {
    const { rebalances, takesMs, lagMaxMs } = run({ atOnce: 10 })
    expect(rebalances).toBe(2)
    expect(takesMs).toBe(times.drainMs + times.startMs + 3_000 + times.syncMs)
    expect(lagMaxMs).toBeCloseTo(takesMs, 6)
  })

  test('has one rebalance for two changes between two heartbeats, and else one for each', () => {
    expect(run({ startMs: 100, drainMs: 100, syncMs: 10 }).rebalances).toBe(10)
    expect(run({ startMs: 20_000 }).rebalances).toBe(20)
  })
})

describe('its manifests', () => {
  let running: Running
  let families: Map<string, Family>
  let stats: string[]
  const urlOf = (path: string) => new URL(path, running.admin?.url).href

  // The real admin port, and the real source's numbers; no broker, as the source is not opened.
  beforeAll(async () => {
    const settings = settingsOf({ brokers: 'localhost:1', topics: 'orders', groupId: 'prices' })
    const { signal } = new AbortController()
    const log = createLog(() => undefined, 'kafka', 'test')
    const source = new KafkaSource(settings, kafkajsDriver, { log, signal, messageBytesMax: 1 })
    stats = Object.keys(source.stats())
    const definition = defineTopology({
      name: 'prices',
      source: { read: () => [], pending: () => source.pending(), stats: () => source.stats() },
      sink: { write: (batch) => batch.map(Response.ok) },
    })
    running = await start(definition, { threads: 0, log: () => {}, admin: { port: 0 } })
    const scrape = async () => (await ask(urlOf('/metrics'))).text
    await vi.waitFor(async () => expect(await scrape()).toContain('millrace_source_stat'), 30_000)
    families = parsePrometheus(await scrape())
  })
  afterAll(async () => {
    await running.drain()
  })

  test('ask probes that there are, at the port that the topology has', async () => {
    const [container] = pod().containers
    const ports = Object.fromEntries(
      container.ports.map(({ name, containerPort }: Manifest) => [name, containerPort]),
    )
    const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((name) => container[name].httpGet)
    for (const { path, port } of probes) {
      expect(ports[port]).toBe(numberIn('port'))
      expect((await ask(urlOf(path))).status, path).toBe(200)
    }
    expect((await ask(urlOf('/healthz'))).status).toBe(404)
    expect(unit).toContain(` --admin-port ${String(numberIn('port')).slice(0, -1)}%i\n`)
  })

  test('speak of metrics that a source of Kafka gives', () => {
    const lines = blocks.filter(({ language }) => ['yaml', 'promql'].includes(language))
    const text = lines.map((block) => block.text).join('\n')
    const names = [...text.matchAll(/\b(?:millrace|monovtx)_\w+/g)].map(([name]) => name)
    expect(new Set(names).size).toBeGreaterThan(1)
    for (const name of names) expect([...families.keys()]).toContain(name)
    const named = [...text.matchAll(/\bstat="(\w+)"/g)].map(([, stat]) => stat)
    expect(named.length).toBeGreaterThan(1)
    for (const stat of named) expect(stats).toContain(stat)
    const labels = Object.keys(families.get('millrace_source_stat')?.samples[0].labels ?? {})
    // Prometheus adds these two: see docs/deploy.md.
    for (const [, label] of text.matchAll(/[{,](\w+)(?:!?="|!="")/g))
      expect([...labels, 'namespace', 'pod']).toContain(label)
    const [{ pods }] = ofKind('HorizontalPodAutoscaler').spec.metrics
    expect(manifests.find(({ rules }) => rules)?.rules.custom[0].name.as).toBe(pods.metric.name)
  })

  test('set variables that somebody reads', () => {
    const inPod = pod().containers[0].env.map(({ name }: Manifest) => name)
    const inUnit = [...unit.matchAll(/^Environment=(\w+)=/gm)].map(([, name]) => name)
    const inFile = [...unit.matchAll(/\b([A-Z_]+)=…/g)].map(([, name]) => name)
    const known = [...topology.matchAll(/\b[A-Z][A-Z_]+\b/g)].map(([name]) => name)
    const ours = VARIABLES.map(({ name }) => name)
    const names = [...inPod, ...inUnit, ...inFile]
    expect(names.length).toBeGreaterThan(7)
    for (const name of names)
      if (name.startsWith('MILLRACE_')) expect(ours).toContain(name)
      else expect(known).toContain(name)
  })

  test('wait for the end of a drain', () => {
    const ends = { source: { read: () => null }, sink: { write: () => [] } }
    const { limits } = withDefaults({ name: 'a', ...ends }, { cores: 2, memoryBytes: 2 })
    const graceMs = Math.max(numberIn('graceMs'), limits.graceMs)
    expect(pod().terminationGracePeriodSeconds * 1_000).toBeGreaterThan(graceMs + CLOSE_MS)
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]) * 1_000).toBeGreaterThan(graceMs + CLOSE_MS)
  })

  test('mean the same pods, topic and group', () => {
    const { selector, template } = ofKind('Deployment').spec
    expect(selector.matchLabels).toEqual(template.metadata.labels)
    expect(ofKind('PodDisruptionBudget').spec.selector).toEqual(selector)
    const targets = ['ScaledObject', 'HorizontalPodAutoscaler'].map(
      (kind) => ofKind(kind).spec.scaleTargetRef,
    )
    for (const { name } of targets) expect(name).toBe(ofKind('Deployment').metadata.name)
    const { topic, consumerGroup } = ofKind('ScaledObject').spec.triggers[0].metadata
    expect(topology).toContain(`topics: '${topic}', groupId: '${consumerGroup}'`)
    for (const { volumeMounts } of pod().containers)
      expect(volumeMounts.map(({ name }: Manifest) => name)).toEqual(
        pod().volumes.map(({ name }: Manifest) => name),
      )
  })
})
