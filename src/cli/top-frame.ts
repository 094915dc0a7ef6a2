// How a topology stands, as lines of a table: what `millrace top` shows. Lines are lists of cells, so that they are cut before they
// are coloured.

import type { ActorView, Inspection, MailboxView } from '../topology/running.js'
import { clockText, countText, durationText, type Style } from './format.js'
import { printable } from './tap-printable.js'

/** A piece of a line. */
export type Cell = { text: string; style?: Style | undefined }
export type Line = readonly Cell[]

const BAR_WIDTH = 20
/** From here on a mailbox is marked: its producer is about to wait. */
const FULL = 0.8
const GAP = '  '
/** Which count is the actor's work. */
const WORK = { reader: 'read', mapper: 'calls', forwarder: 'forwarded', sink: 'written' } as const
const UNITS = ['B', 'KiB', 'MiB', 'GiB'] as const

/** Gives the lines; `note` is one more of our own. */
export function frameOf(view: Inspection, note: string | undefined): Line[] {
  return [
    headline(view),
    counts(view),
    ...view.troubles.map((text) => [cell(`! ${text}`, 'red')]),
    ...(view.failure === undefined ? [] : [[cell(`! ${view.failure.code} ${view.failure.message}`, 'red')]]),
    ...(view.degraded ?? []).map((text) => [cell(text, 'yellow')]),
    ...(note === undefined ? [] : [[cell(note, 'yellow')]]),
    [],
    ...actorTable(view),
    [],
    ...mailboxTable(view),
  ]
}

/** Makes text of a line that is no wider than `width`. */
export function lineText(line: Line, width: number, paint: (style: Style, text: string) => string): string {
  let left = width
  let text = ''
  for (const { text: whole, style } of line) {
    const part = [...printable(whole)].slice(0, Math.max(0, left)).join('')
    left -= [...part].length
    text += style === undefined ? part : paint(style, part)
  }
  return text.trimEnd()
}

function headline({ name, state, ready, rates, progress }: Inspection): Line {
  const isWell = ready || state === 'stopped'
  const { p50, p99 } = progress.latencyMs
  const hasAcked = progress.acked > 0
  return [
    cell(name, 'bold'),
    cell(
      `${GAP}${state}${state === 'running' ? (ready ? ', ready' : ', not ready') : ''}`,
      isWell ? undefined : 'red',
    ),
    cell(`${GAP}${countText(rates.acked)}/s acked${GAP}in flight ${countText(progress.inFlight)}`),
    cell(`${GAP}p50 ${durationText(hasAcked ? p50 : NaN)}${GAP}p99 ${durationText(hasAcked ? p99 : NaN)}`),
    cell(`${GAP}up ${clockText(progress.elapsedMs)}`, 'dim'),
  ]
}

/** What is always there, and what should not be. */
function counts({ progress }: Inspection): Line {
  const { read, acked, nacked, dropped, failed, retried, fallback, poisoned, restarts } = progress
  const rare = { nacked, dropped, failed, retried, fallback, poisoned, restarts }
  return [
    cell(`read ${countText(read)}${GAP}acked ${countText(acked)}`),
    ...Object.entries(rare)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => cell(`${GAP}${name} ${countText(count)}`, 'yellow')),
  ]
}

function actorTable(view: Inspection): Line[] {
  const head = [
    'thread',
    'actor',
    'rate/s',
    'in flight',
    'p50',
    'p99',
    'failed',
    'retried',
    'restarts',
    'last error',
  ]
  const threads = new Map(view.threads.map((each) => [each.thread, each]))
  // By thread, in the order of the plan.
  const order = [...new Set(view.actors.map(({ thread }) => thread))]
  const sorted = [...view.actors].sort((a, b) => order.indexOf(a.thread) - order.indexOf(b.thread))
  const rows = sorted.map((actor, i) => {
    const isFirst = sorted[i - 1]?.thread !== actor.thread
    const thread = threads.get(actor.thread)
    const { failed = 0, retried = 0 } = actor.counts
    const restarts = isFirst ? (thread?.restarts ?? 0) : 0
    return [
      cell(isFirst ? actor.thread : '', thread?.isDown ? 'red' : undefined),
      cell(actor.name, 'bold'),
      cell(countText(rateOf(actor))),
      cell(countText(actor.counts.inFlight ?? 0)),
      ...latencyCells(actor),
      cell(countText(failed), failed > 0 ? 'yellow' : undefined),
      cell(countText(retried), retried > 0 ? 'yellow' : undefined),
      cell(isFirst ? countText(restarts) : '', restarts > 0 ? 'yellow' : undefined),
      cell(actor.lastError?.message ?? '', errorStyle(actor)),
    ]
  })
  return table(head, rows, [0, 1, 9])
}

function errorStyle({ lastError }: ActorView): Style | undefined {
  if (lastError === undefined) return undefined
  return lastError.level === 'warn' ? 'yellow' : 'red'
}

function rateOf({ kind, rates }: ActorView): number {
  return rates[WORK[kind]] ?? 0
}

function latencyCells({ kind, rates, latencyMs }: ActorView): Cell[] {
  const isKnown = kind !== 'forwarder' && Object.keys(rates).length > 0 && latencyMs.p99 > 0
  return [latencyMs.p50, latencyMs.p99].map((ms) => cell(durationText(isKnown ? ms : Number.NaN)))
}

/** Where an actor's own messages wait is shown only if some do. */
function mailboxTable({ mailboxes }: Inspection): Line[] {
  const rows = mailboxes
    .filter(({ from, to, usedBytes }) => from !== to || usedBytes > 0)
    .map((mailbox) => {
      const fraction = fractionOf(mailbox)
      const style = fraction >= FULL ? 'red' : undefined
      const filled = Math.min(BAR_WIDTH, Math.ceil(fraction * BAR_WIDTH))
      return [
        cell(mailbox.from === mailbox.to ? `${mailbox.to} (waiting)` : `${mailbox.from} → ${mailbox.to}`),
        cell(`[${'#'.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}]`, style),
        // As wide as they may become: the table must not jump.
        cell(`${Math.floor(fraction * 100)} %`.padStart(5), style),
        cell(bytesText(mailbox.usedBytes).padStart(8)),
      ]
    })
  return table(['mailbox', 'fill', '', 'used'], rows, [0, 1])
}

function fractionOf({ usedBytes, capacityBytes }: MailboxView): number {
  return Math.min(1, Math.max(0, usedBytes / capacityBytes))
}

function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024
  return `${countText(value)} ${UNITS[unit]}`
}

/** `left`: the columns that are aligned to the left; all others are numbers. */
function table(head: readonly string[], rows: readonly (readonly Cell[])[], left: readonly number[]): Line[] {
  const all = [head.map((text) => cell(text, 'dim')), ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => [...row[column].text].length)))
  return all.map((row) =>
    row.map(({ text, style }, column) => {
      const pad = ' '.repeat(widths[column] - [...text].length)
      const gap = column === 0 ? '' : GAP
      return cell(left.includes(column) ? `${gap}${text}${pad}` : `${gap}${pad}${text}`, style)
    }),
  )
}

function cell(text: string, style?: Style): Cell {
  return { text, style }
}
