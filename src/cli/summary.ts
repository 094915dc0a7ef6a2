// What a run comes to: one screen of plain columns, or one line of JSON.

import type { Progress, Summary } from '../topology/running.js'
import { countText, durationText, painter, rateText, type Style } from './format.js'
import type { Io } from './io.js'

/** Gives the screen, with a line end. */
function summaryText(summary: Summary, paint: ReturnType<typeof painter>): string {
  const rows = rowsOf(summary)
  const nameWidth = Math.max(...rows.map(([name]) => name.length))
  const valueWidth = Math.max(...rows.map(([, value]) => value.length))
  const lines = rows.map(([name, value, style]) => {
    const cell = value.padStart(valueWidth)
    return `  ${name.padEnd(nameWidth)}  ${style === undefined ? cell : paint(style, cell)}`
  })
  return `${paint('bold', summary.name)}${summary.ok ? '' : paint('red', '  not ok')}\n${lines.join('\n')}\n`
}

/** Gives one line of JSON, with a line end. */
function summaryJson(summary: Summary): string {
  return `${JSON.stringify(summary)}\n`
}

/** Writes it to stderr: stdout carries data only. */
export function writeSummary(summary: Summary, asJson: boolean, io: Io): void {
  io.stderr.write(asJson ? summaryJson(summary) : summaryText(summary, painter(io.stderr.isTTY, io.env)))
}

/** Makes the summary of a run that failed, of how it stood at the end. */
export function failedSummary(name: string, progress: Progress): Summary {
  const seconds = progress.elapsedMs / 1_000
  return { name, ...progress, rate: seconds > 0 ? progress.acked / seconds : 0, ok: false }
}

function rowsOf(summary: Summary): [name: string, value: string, style?: Style][] {
  const count = (name: string, value: number, style?: Style): [string, string, Style?] =>
    style !== undefined && value > 0 ? [name, countText(value), style] : [name, countText(value)]
  const rare = (name: string, value: number) => (value > 0 ? [count(name, value, 'yellow')] : [])
  const latency = (ms: number) => durationText(summary.acked > 0 ? ms : Number.NaN)
  return [
    count('read', summary.read),
    count('acked', summary.acked),
    count('nacked', summary.nacked, 'red'),
    ...rare('in flight', summary.inFlight),
    ...rare('abandoned', summary.abandoned),
    count('dropped', summary.dropped, 'yellow'),
    count('filtered', summary.filtered),
    count('failed', summary.failed, 'yellow'),
    count('retried', summary.retried, 'yellow'),
    count('fallback', summary.fallback, 'yellow'),
    ...rare('poisoned', summary.poisoned),
    ...rare('thread restarts', summary.restarts),
    ['rate', rateText(summary.rate)],
    ['latency p50', latency(summary.latencyMs.p50)],
    ['latency p99', latency(summary.latencyMs.p99)],
    ['elapsed', durationText(summary.elapsedMs)],
  ]
}
