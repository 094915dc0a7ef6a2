// The plan for people: plain columns.

import type { TagCondition } from '../../topology/types.js'
import { countText, durationText } from '../format.js'
import type { Graph, GraphActor, GraphRetry } from './graph-of.js'

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
const HEAD = 'actor,thread,kind,runs,at once,batch,timeout,tries,back-off,then,parking'.split(',')

/** Gives the text, with a line end. */
export function graphText(graph: Graph): string {
  const { name, order, limits, memoryBytes, mailboxes, routes, branches } = graph
  const of = `${bytesText(memoryBytes)} of at most ${bytesText(limits.memoryBytes)}`
  return [
    name,
    '',
    ...columns([
      ['order', `${order.value} (${order.why})`],
      ['memory', `${of}, for messages of up to ${bytesText(limits.messageBytes)}`],
      ['in flight', `at most ${countText(limits.inFlight)} records`],
    ]),
    '',
    ...columns([HEAD, ...graph.actors.map(rowOf)]),
    '',
    'Mailboxes',
    ...columns(
      mailboxes.map(({ from, to, capacityBytes, settles }) => [
        `${from} → ${to}`,
        bytesText(capacityBytes),
        settles ? 'settlements' : '',
      ]),
    ),
    ...(branches.length === 0 ? [] : ['', 'Branches, the first that fits', ...columns(branchRows(graph))]),
    ...(routes.length === 0 ? [] : ['', 'Routes, the first that fits', ...columns(routeRows(graph))]),
    '',
  ].join('\n')
}

/** `2 MiB`, `1.5 GiB`. */
export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024
  return `${value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 1 : 0 })} ${UNITS[unit]}`
}

/** `tags a and b`. */
export function conditionText(when: TagCondition | null): string {
  if (when === null) return 'all else'
  const tagsOf = (tags: readonly string[], word: string) => tags.map((tag) => JSON.stringify(tag)).join(word)
  if (when.and !== undefined) return when.and.length === 0 ? 'all' : `tags ${tagsOf(when.and, ' and ')}`
  if (when.or !== undefined) return `tags ${tagsOf(when.or, ' or ')}`
  return when.not.length === 0 ? 'all' : `no tag ${tagsOf(when.not, ' nor ')}`
}

function rowOf({ name, thread, kind, runs, parkingBytes, ...more }: GraphActor): string[] {
  const { concurrency, batchMax, timeoutMs, retry } = more
  const parking = parkingBytes > 0 ? bytesText(parkingBytes) : ''
  const timeout = timeoutMs === undefined ? '' : durationText(timeoutMs)
  const counts = [concurrency, batchMax].map((count) => (count === undefined ? '' : countText(count)))
  return [name, thread, kind, runs ?? '', ...counts, timeout, ...retryCells(retry), parking]
}

function retryCells(retry: GraphRetry | undefined): [tries: string, backoff: string, then: string] {
  if (retry === undefined) return ['', '', '']
  const { attempts, onExhausted } = retry
  const { initialMs, factor, maxMs, jitter } = retry.backoff
  const backoff = `${countText(initialMs)} ms × ${factor} to ${countText(maxMs)} ms ± ${Math.round(100 * jitter)} %`
  if (attempts === null) return ['no limit', backoff, '']
  return attempts === 1 ? ['1', '', onExhausted] : [countText(attempts), backoff, onExhausted]
}

function routeRows({ routes }: Graph): string[][] {
  return routes.map(({ when, to }) => [conditionText(when), `→ ${to.join(', ')}`])
}

function branchRows({ branches }: Graph): string[][] {
  return branches.map(({ stage, when, to }) => [stage, conditionText(when), `→ ${to}`])
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  // What a user named must not steer the terminal.
  const clean = rows.map((row) => row.map((cell) => cell.replace(/\p{Cc}/gu, '?')))
  for (const row of clean)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  return clean.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i])).join('  ')}`.trimEnd())
}
