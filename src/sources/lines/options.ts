// How a source's factory refuses options: what, where, what was wanted.

import { MillraceError } from '../../kernel/failure.js'

/** Makes the error for an unusable option. */
export function unusable(where: string, got: unknown, wanted: string): MillraceError {
  return new MillraceError('ERR_CONFIG', `${where}: got ${show(got)}, wanted ${wanted}`)
}

/** Throws ERR_CONFIG unless the options are an object with none but known names. */
export function checkNames(where: string, options: unknown, known: readonly string[], example: string): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw unusable(where, options, `an object such as ${example}`)
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const nearest = nearestOf(name, known)
    const hint = nearest === undefined ? `wanted one of ${known.join(', ')}` : `did you mean ${nearest}?`
    throw new MillraceError('ERR_CONFIG', `${where}: ${name}: unknown option, ${hint}`)
  }
}

/** Throws ERR_CONFIG unless the value is absent or an integer in the range. */
export function checkInteger(where: string, value: unknown, min: number, max: number): void {
  if (
    value === undefined ||
    (Number.isInteger(value) && (value as number) >= min && (value as number) <= max)
  )
    return
  throw unusable(where, value, `an integer from ${min} to ${max}`)
}

/** Gives the known name that at most a third of its letters, and at least one, tell from the given one. */
function nearestOf(name: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined
  let least = Infinity
  for (const candidate of known) {
    const edits = editsBetween(name.toLowerCase(), candidate.toLowerCase())
    if (edits >= least || edits > Math.max(1, Math.ceil(candidate.length / 3))) continue
    nearest = candidate
    least = edits
  }
  return nearest
}

/** Counts the letters to add, drop or change (Levenshtein), one row of the table at a time. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]
}

function show(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number' || typeof value === 'symbol') return String(value)
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}
