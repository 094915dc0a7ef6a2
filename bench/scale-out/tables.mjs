// The tables of docs/scaling.md, as Markdown: the test of that page makes them again.

import { DEFAULTS, groupCost, madeUpMs, processesFor } from './group-cost.mjs'
import { rollingDeploy } from './rolling-deploy.mjs'

/** What the page speaks of. Each can be said on the command line. */
export const ASSUMED = {
  processes: [10, 100, 1_000],
  partitions: 10_000,
  brokers: 6,
  /** Of its time, so much a process is busy. */
  busy: 0.7,
  heartbeatMs: DEFAULTS.heartbeatMs,
  commitEveryMs: DEFAULTS.commitEveryMs,
  fetchWaitMs: DEFAULTS.fetch.waitMs,
  /** From SIGTERM until it has left. */
  drainMs: 500,
  /** From there until another one asks to join: a container, and Node. */
  startMs: 3_000,
  /** From its join until the next one is replaced: a probe each 2 s. */
  readyMs: 2_000,
  /** From the last one's hearing of a rebalance to records again. Measured: 0.1 to 0.4 s with 3 to 10 processes. */
  syncMs: 400,
}

const RATES = [10_000, 100_000, 1_000_000]
/** As measured on two cores with 200 µs of CPU, and with a copy: docs/kafka.md. One between. */
const RATES_OF_ONE = [6_300, 50_000, 190_000]
const PAUSES_MS = [4_000, 60_000, 600_000]
const BUSY = [0.5, 0.7, 0.9]
const WAYS = [
  ['one at a time', () => 1, false],
  ['a quarter at a time', (processes) => Math.max(1, Math.floor(processes / 4)), false],
  ['all at once', (processes) => processes, false],
  ['one at a time, static members', () => 1, true],
  ['a quarter at a time, static members', (processes) => Math.max(1, Math.floor(processes / 4)), true],
]

/** How many processes a rate needs. */
export function sizingTable({ busy }) {
  return tableOf(
    ['Records a second', ...RATES_OF_ONE.map((rate) => `one takes ${count(rate)}`)],
    RATES.map((rate) => [
      count(rate),
      ...RATES_OF_ONE.map((ofOne) => count(processesFor(rate, ofOne, busy))),
    ]),
  )
}

/** For how long a pause is made up for. */
export function madeUpTable() {
  return tableOf(
    ['Nothing was read for', ...BUSY.map((busy) => `${100 * busy} % busy`)],
    PAUSES_MS.map((pauseMs) => [seconds(pauseMs), ...BUSY.map((busy) => seconds(madeUpMs(pauseMs, busy)))]),
  )
}

/** What the group asks of its brokers. */
export function costTable({ processes, partitions, brokers, heartbeatMs, commitEveryMs, fetchWaitMs }) {
  const settings = { heartbeatMs, commitEveryMs, fetch: { waitMs: fetchWaitMs } }
  const costs = processes.map((each) => groupCost({ processes: each, partitions, brokers, settings }))
  const row = (what, of) => [what, ...costs.map(of)]
  const both = (what, of) =>
    ['kafkajs', 'platformatic'].map((driver) => row(`${what}: \`${driver}\``, (cost) => of(cost[driver])))
  return tableOf(
    ['Processes', ...processes.map(count)],
    [
      row('Partitions of a process', ({ share }) => count(share)),
      row('Heartbeats a second, at the coordinator', ({ heartbeats }) => count(heartbeats)),
      row('Commits a second, at the coordinator', ({ commits }) => count(commits)),
      row('Offsets in them', ({ committedOffsets }) => count(committedOffsets)),
      row('Fetches a second, where there is nothing to read', ({ idleFetches }) => count(idleFetches)),
      ...both('Connections of the sources to each broker', ({ connections }) => count(connections)),
      ...both('Ends of partitions asked for a second', ({ askedEnds }) => count(askedEnds)),
      ...both('Metadata, MB a second', ({ metadataBytes }) => count(metadataBytes / 1e6)),
      row('A process leaves: partitions that move', ({ moved }) => count(moved)),
      ...both('Committed offsets asked for then', ({ askedOffsets }) => count(askedOffsets)),
      row('Answer to the leader, KB', ({ joinAnswerBytes }) => count(joinAnswerBytes / 1e3)),
      row("The group's record, KB", ({ groupRecordBytes }) => count(groupRecordBytes / 1e3)),
    ],
  )
}

/** What a new version costs. */
export function deployTable({ processes, busy, heartbeatMs, drainMs, startMs, readyMs, syncMs }) {
  const times = { heartbeatMs, drainMs, startMs, readyMs, syncMs }
  const rows = processes.flatMap((each) =>
    WAYS.map(([way, atOnceOf, isStatic]) => {
      const sizes = { processes: each, atOnce: atOnceOf(each), rateOfOne: 1, rate: busy * each }
      const { rebalances, ...inMs } = rollingDeploy({ ...times, ...sizes, isStatic })
      return [`${count(each)}, ${way}`, count(rebalances), ...Object.values(inMs).map(seconds)]
    }),
  )
  return tableOf(['Processes', 'Rebalances', 'Takes', 'Most lag, in traffic of', 'Made up for after'], rows)
}

function tableOf(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

/** In as many digits as mean something. */
function count(number) {
  const digits = number >= 100 ? 0 : 1
  return number.toLocaleString('en-US', { maximumFractionDigits: number < 1 ? 2 : digits })
}

function seconds(ms) {
  return ms < 60_000 ? `${count(ms / 1_000)} s` : `${count(ms / 60_000)} min`
}
