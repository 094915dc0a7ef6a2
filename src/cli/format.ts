// Numbers and times as people read them.

import type { Io } from './io.js'

/** `12,345`; one decimal below 10 unless it is whole. */
export function countText(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) < 10 ? 1 : 0 })
}

/** `12,345/s`. */
export function rateText(perSecond: number): string {
  return `${countText(Number.isFinite(perSecond) ? perSecond : 0)}/s`
}

/** `0.83 ms`, `12 ms`, `1.2 s`, `3 min 5 s`, `2 h 4 min`; a dash for what is not known. */
export function durationText(ms: number): string {
  if (!Number.isFinite(ms)) return '–'
  if (ms < 10) return `${ms.toFixed(2)} ms`
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`
  const seconds = Math.floor(ms / 1_000)
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`
}

/** `0:42`, `1:05:09`; a dash for what is not known. */
export function clockText(ms: number): string {
  if (!Number.isFinite(ms)) return '–'
  const seconds = Math.ceil(ms / 1_000)
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0'))
  const hours = Math.floor(seconds / 3_600)
  return hours > 0 ? `${hours}:${parts.join(':')}` : `${Number(parts[0])}:${parts[1]}`
}

export type Style = 'bold' | 'red' | 'yellow' | 'dim'
const CODES: Record<Style, [number, number]> = {
  bold: [1, 22],
  red: [31, 39],
  yellow: [33, 39],
  dim: [2, 22],
}

/** Gives a function that colours a text; one that leaves it alone where the terminal has no colours, or NO_COLOR is set. */
export function painter(
  isTTY: boolean | undefined,
  { NO_COLOR, TERM }: Io['env'],
): (style: Style, text: string) => string {
  const isPlain = isTTY !== true || TERM === 'dumb' || (NO_COLOR !== undefined && NO_COLOR !== '')
  return (style, text) => (isPlain ? text : `\x1b[${CODES[style][0]}m${text}\x1b[${CODES[style][1]}m`)
}
