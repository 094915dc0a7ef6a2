// Says in a few words what a value is, for "got …" in error messages.

import { countText } from './count-text.js'

const TEXT_MAX = 60
const KEYS_MAX = 5

/** Gives a value as a person would name it: `"two"`, `a function`, `a list of 3`, `an object with read and ack`. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return showText(value)
  if (typeof value === 'function')
    return /^class\b/.test(String(value)) ? `the class ${value.name}` : 'a function'
  if (typeof value === 'object' && value !== null) return showObject(value)
  if (typeof value === 'bigint') return `${value}n`
  return Number.isSafeInteger(value) ? numberText(value as number) : String(value)
}

/** Joins names as in a sentence: `a, b and c`. */
export function list(names: readonly string[], conjunction = 'and'): string {
  if (names.length < 2) return names.join('')
  return `${names.slice(0, -1).join(', ')} ${conjunction} ${names[names.length - 1]}`
}

/** A number that may be a name, as a port is, has no separators; larger ones are to be compared with a limit. */
function numberText(value: number): string {
  return Math.abs(value) < 100_000 ? String(value) : countText(value)
}

function showText(text: string): string {
  return JSON.stringify(text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text)
}

function showObject(value: object): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`
  if (value instanceof Promise) return 'a promise (await it)'
  const className = Object.getPrototypeOf(value)?.constructor?.name
  if (typeof className === 'string' && className !== '' && className !== 'Object')
    return withArticle(className)
  const keys = Object.keys(value)
  if (keys.length === 0) return 'an empty object'
  return `an object with ${keys.length > KEYS_MAX ? `${keys.slice(0, KEYS_MAX).join(', ')}, …` : list(keys)}`
}

function withArticle(name: string): string {
  return `${/^(?:[AEIO]|U(?!RL|int))/.test(name) ? 'an' : 'a'} ${name}`
}
