// Samples of the Kafka cases. All are on one broker; the clock of a run that writes is the broker's: the times at which it took
// the records of the output topic.

import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { CASES, CONTENDERS } from '../cases.mjs'
import { expectedChecksums } from '../expected.mjs'
import { calibratedRounds } from '../serve-work.mjs'
import { checkRecords, checkResult } from './check.mjs'
import { Cluster } from './cluster.mjs'
import { steadyLoad } from './latency.mjs'
import { preload } from './preload.mjs'
import { makeProject, PLATFORMATIC } from './project.mjs'
import { runChild } from './run-child.mjs'
import { percentile, rateOf } from './times.mjs'
import { workOf } from './work.mjs'

const MILLION = 1e6

/** What the cases have in common, made when the first one needs it. */
let shared

async function sharedOf(job) {
  if (shared !== undefined) return shared
  const cluster = await Cluster.start()
  job.atEnd(() => cluster.close())
  shared = { cluster, topics: new Map(), package: makeProject(join(job.directory, 'project')) }
  return shared
}

/** What a contender of a case is told. */
function orderOf(job, contender, { cluster, package: packageUrl }) {
  const { sizeBytes, handler, rate } = CASES[job.case]
  const { threads, source = 'kafkajs', sink = 'kafkajs' } = CONTENDERS[contender]
  return {
    ...{ brokers: cluster.brokers, groupId: `bench-${randomUUID()}`, count: job.counts[contender] },
    ...{ sizeBytes, handler, rounds: handler === 'cpu' ? roundsOnce() : 0, rate },
    ...{ threads, source, sink, package: packageUrl, platformatic: PLATFORMATIC },
    ...cluster.java,
  }
}

let rounds
function roundsOnce() {
  rounds ??= calibratedRounds()
  return rounds
}

/** The topic with so many records of this size; written once. */
async function inputOf({ cluster, topics }, { sizeBytes, count }) {
  const name = `${sizeBytes} × ${count}`
  if (!topics.has(name)) {
    const topic = await cluster.topic()
    await preload(cluster.brokers, topic, sizeBytes, count)
    topics.set(name, topic)
  }
  return topics.get(name)
}

/** topic → map → topic, or a generator → topic. */
export function preparePipe(job) {
  const isSinkOnly = CASES[job.case].kind === 'kafka-sink'
  const checksums = checksumsOf(job)
  return async (contender) => {
    const all = await sharedOf(job)
    const { cluster } = all
    const order = orderOf(job, contender, all)
    if (!isSinkOnly) order.from = await inputOf(all, order)
    order.to = await cluster.topic()
    const { cpu } = await runChild(cluster, CONTENDERS[contender].file, order, () => isDone(cluster, order))
    const isLookedAt = contender !== 'produce-java'
    const times = await checkRecords(cluster, order, isLookedAt ? checksums.get(order.count) : undefined)
    await cluster.remove(order.to)
    return { ...rateOf(times, cpu), note: noteOf(order) }
  }
}

/** topic → a sink that counts. */
export function prepareSource(job) {
  const checksums = checksumsOf(job)
  return async (contender) => {
    const all = await sharedOf(job)
    const order = orderOf(job, contender, all)
    order.from = await inputOf(all, order)
    order.result = join(job.directory, 'result')
    const result = await runChild(all.cluster, CONTENDERS[contender].file, order, () =>
      isDone(all.cluster, order),
    )
    const note = noteOf(order)
    if (contender === 'consume-java') return { rate: result.rate, note }
    checkResult(result, order, checksums.get(order.count))
    const { messages, seconds, cpuSeconds } = result
    return { rate: messages / seconds, cpuMicros: (cpuSeconds / messages) * MILLION, note }
  }
}

/** topic → map → topic, at a steady rate. */
export function prepareLatency(job) {
  return async (contender) => {
    const all = await sharedOf(job)
    const { cluster } = all
    const order = orderOf(job, contender, all)
    order.from = await cluster.topic()
    order.to = await cluster.topic()
    const load = () => steadyLoad(cluster, order)
    const { cpu } = await runChild(
      cluster,
      CONTENDERS[contender].file,
      order,
      () => isDone(cluster, order),
      load,
    )
    const written = await checkRecords(cluster, order, checksumsOf(job).get(order.count))
    const read = await checkRecords(cluster, { ...order, to: order.from, groupId: undefined })
    const delays = written.byNumber.map((ms, i) => ms - read.byNumber[i]).slice(order.count * 0.2)
    for (const topic of [order.from, order.to]) await cluster.remove(topic)
    const { cpuMicros } = rateOf(written, cpu)
    return { p50: percentile(delays, 0.5), p99: percentile(delays, 0.99), cpuMicros, note: noteOf(order) }
  }
}

/** What is to be written is there, and what was to be read is committed. */
async function isDone(cluster, { from, to, groupId, count }) {
  if (to !== undefined && sum(await cluster.ends(to)) < count) return false
  return from === undefined || sum(await cluster.committed(groupId, from)) >= count
}

function checksumsOf(job) {
  const { sizeBytes } = CASES[job.case]
  const name = workOf({ sizeBytes }).sizeBytes === 128 ? 'map-128' : 'map-1k'
  return expectedChecksums(name, Object.values(job.counts))
}

function noteOf({ platformatic, rounds: count }) {
  const work = count > 0 ? `; ${count} rounds of SHA-256 over 4 KiB are 200 µs` : ''
  return `${platformatic.replace(/-(\d)$/, ' $1')}${work}`
}

function sum(offsets) {
  return offsets.reduce((total, offset) => total + Math.max(0, offset), 0)
}
