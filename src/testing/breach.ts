// How a broken rule is told: these messages are what the suites are for.

import assert from 'node:assert/strict'

const LISTED_MAX = 10
const PREVIEW_CHARS = 60

/** Throws an AssertionError that says which rule was broken, what happened, and what was wanted. */
export function breach(rule: string, what: string, wanted: string): never {
  assert.fail(`${rule}: ${what}. Wanted: ${wanted}.`)
}

/** Gives names in quotes, at most ten of them. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, LISTED_MAX).map((name) => JSON.stringify(name))
  if (names.length > LISTED_MAX) shown.push(`and ${names.length - LISTED_MAX} more`)
  return shown.join(', ')
}

/** Gives a count with its noun: `1 message`, `3 messages`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Gives a value as a reader can recognise it: text in quotes, or the first bytes in hex; long ones are cut. */
export function preview(value: Uint8Array | string | null): string {
  if (value === null) return 'null'
  const bytes = Buffer.from(value)
  const text = bytes.toString('utf8')
  if (!isReadable(text)) return `${counted(bytes.length, 'byte')} (${hexOf(bytes)})`
  if (text.length <= PREVIEW_CHARS) return JSON.stringify(text)
  return `${JSON.stringify(text.slice(0, PREVIEW_CHARS))}… (${counted(bytes.length, 'byte')})`
}

/** Gives whatever was returned or thrown in a few words. */
export function described(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'string') return preview(value)
  if (typeof value !== 'object') return `${typeof value} ${String(value)}`
  const name = value.constructor?.name ?? 'object without a prototype'
  return name === 'Object' ? `an object with ${listed(Object.keys(value)) || 'no keys'}` : `a ${name}`
}

function hexOf(bytes: Buffer): string {
  const shown = bytes.subarray(0, 16).toString('hex').replace(/../g, '$& ').trim()
  return bytes.length > 16 ? `${shown} …` : shown
}

function isReadable(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if ((unit < 32 && unit !== 10 && unit !== 9) || unit === 0xfffd || unit === 127) return false
  }
  return true
}
