// One line on the terminal that says how a run stands: a bar with rate and ETA where the source has an end, else counts.
// Whoever else writes to the terminal calls `clear` first; the next tick draws it again.

import type { Progress } from '../topology/running.js'
import { clockText, countText, rateText } from './format.js'
import type { Io } from './io.js'

const REDRAW_MS = 200
const BAR_WIDTH = 24
/** Rates are averages over about this long, so that they can be read. */
const AVERAGE_MS = 2_000
const CLEAR_LINE = '\r\x1b[K'

/** Rates per ms; undefined before there are two observations. */
export type Rates = { acked: number; done: number }

export type ProgressLine = {
  /** Draws from now on. */
  begin(name: string, read: () => Progress): void
  /** Removes the line until the next tick. */
  clear(): void
  /** Removes the line for good. */
  end(): void
}

/** Makes the line; one that never shows where stderr is no terminal or it is not wanted. */
export function createProgressLine(io: Io, isWanted: boolean): ProgressLine {
  const isShown = isWanted && io.stderr.isTTY === true && io.env.TERM !== 'dumb'
  let isDrawn = false
  let stop = () => {}
  const clear = () => {
    if (isDrawn) io.stderr.write(CLEAR_LINE)
    isDrawn = false
  }
  const begin = (name: string, read: () => Progress) => {
    if (!isShown) return
    const observe = createRates()
    stop = io.every(REDRAW_MS, () => {
      const progress = read()
      const text = lineOf(name, progress, observe(progress), (io.stderr.columns || 80) - 1)
      // The cursor goes back to the start, so that a sink that writes to the same terminal does not append to the line.
      io.stderr.write(`${CLEAR_LINE}${text}\r`)
      isDrawn = true
    })
  }
  const end = () => {
    stop()
    clear()
  }
  return { begin, clear, end }
}

/** Gives the line, cut to a width. */
export function lineOf(name: string, progress: Progress, rates: Rates | undefined, width: number): string {
  const fraction = fractionOf(progress)
  const parts =
    fraction === undefined ? endlessParts(progress, rates) : finiteParts(fraction, progress, rates)
  return [name, ...parts].join('  ').slice(0, Math.max(0, width))
}

function finiteParts(fraction: number, progress: Progress, rates: Rates | undefined): string[] {
  const filled = Math.round(fraction * BAR_WIDTH)
  const bar = `[${'='.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}]`
  const left = (progress.total ?? 0) - doneOf(progress)
  const eta = rates === undefined || rates.done <= 0 ? Number.NaN : left / rates.done
  const percent = `${Math.floor(fraction * 100)} %`.padStart(5)
  return [bar, percent, rateOf(rates), `ETA ${clockText(eta)}`, ...troubleParts(progress)]
}

function endlessParts(progress: Progress, rates: Rates | undefined): string[] {
  const { inFlight, acked } = progress
  return [
    rateOf(rates),
    `in flight ${countText(inFlight)}`,
    `acked ${countText(acked)}`,
    ...troubleParts(progress),
  ]
}

function troubleParts({ retried, failed }: Progress): string[] {
  const parts: string[] = []
  if (retried > 0) parts.push(`retried ${countText(retried)}`)
  if (failed > 0) parts.push(`failed ${countText(failed)}`)
  return parts
}

function rateOf(rates: Rates | undefined): string {
  return rateText((rates?.acked ?? 0) * 1_000)
}

function fractionOf(progress: Progress): number | undefined {
  const { total } = progress
  const isKnown = total !== undefined && (progress.pending !== undefined || progress.unit === 'records')
  if (!isKnown) return undefined
  return total <= 0 ? 1 : Math.min(1, Math.max(0, doneOf(progress) / total))
}

// What is read is not yet done; of bytes it is not known how many are in flight.
function doneOf(progress: Progress): number {
  const { total = 0, pending, unit, acked, nacked, inFlight } = progress
  if (pending === undefined) return acked + nacked
  return total - pending - (unit === 'records' ? inFlight : 0)
}

/** Gives a function that turns one observation after another into rates. */
export function createRates(): (progress: Progress) => Rates | undefined {
  let before: { elapsedMs: number; acked: number; done: number } | undefined
  let rates: Rates | undefined
  return (progress) => {
    const now = { elapsedMs: progress.elapsedMs, acked: progress.acked, done: doneOf(progress) }
    const passedMs = before === undefined ? 0 : now.elapsedMs - before.elapsedMs
    if (before !== undefined && passedMs > 0) {
      const latest = {
        acked: (now.acked - before.acked) / passedMs,
        done: (now.done - before.done) / passedMs,
      }
      const weight = rates === undefined ? 1 : 1 - Math.exp(-passedMs / AVERAGE_MS)
      const blend = (old: number, fresh: number) => old + weight * (fresh - old)
      rates = { acked: blend(rates?.acked ?? 0, latest.acked), done: blend(rates?.done ?? 0, latest.done) }
    }
    before = now
    return rates
  }
}
