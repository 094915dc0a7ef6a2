// What a client of a tap asks for. The sentences say what is wanted, and repeat nothing of what came.

import { wholeNumber } from '../kernel/options.js'

export type TapQuery = {
  /** `from..to`; undefined: which mailboxes there are. */
  mailbox: string | undefined
  /** Messages a second, at most. */
  rate: number
  /** Of each value, header, key and the like, at most. */
  bytes: number
  /** Names, in lower case, of the JSON fields and headers that are not shown. */
  redact: ReadonlySet<string>
  hasValues: boolean
}

const RATE_DEFAULT = 10
const RATE_MAX = 1_000
const BYTES_DEFAULT = 256
export const BYTES_MAX = 64 * 1024
const NAMES_MAX = 100
const KNOWN = ['mailbox', 'rate', 'bytes', 'redact', 'values']

/** Reads it; gives a sentence where it cannot be used. */
export function tapQueryOf(query: URLSearchParams): TapQuery | string {
  const names = [...query.keys()]
  if (names.some((name) => !KNOWN.includes(name)) || new Set(names).size < names.length)
    return `wanted ${KNOWN.join(', ')}, each once at most`
  const rate = integerIn(query.get('rate'), RATE_DEFAULT, RATE_MAX)
  const bytes = integerIn(query.get('bytes'), BYTES_DEFAULT, BYTES_MAX)
  if (rate === undefined) return `rate: wanted ${wholeNumber(1, RATE_MAX)}`
  if (bytes === undefined) return `bytes: wanted ${wholeNumber(1, BYTES_MAX)}`
  const values = query.get('values') ?? 'all'
  if (values !== 'all' && values !== 'none') return 'values: wanted all or none'
  const fields = (query.get('redact') ?? '').split(',').map((name) => name.trim().toLowerCase())
  const redact = new Set(fields.filter((name) => name !== ''))
  if (query.has('redact') && redact.size === 0) return 'redact: wanted names with commas between them'
  if (redact.size > NAMES_MAX) return `redact: wanted at most ${NAMES_MAX} names, with commas between them`
  return { mailbox: query.get('mailbox') ?? undefined, rate, bytes, redact, hasValues: values === 'all' }
}

function integerIn(given: string | null, otherwise: number, most: number): number | undefined {
  if (given === null) return otherwise
  const value = Number(given)
  return /^\d{1,6}$/.test(given) && value >= 1 && value <= most ? value : undefined
}
