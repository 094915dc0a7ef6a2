// What a write gave, held against the batch that it was given: every breach by name.

import { Response, type ResponseOutcome } from '../sinks/response.js'
import { breach, counted, described, listed } from './breach.js'

/** A write's result, sorted by what is right and wrong with it. */
export type Answers = {
  /** Of the batch, in its order. */
  ids: readonly string[]
  /** What write threw or rejected with: a failure of the whole batch. */
  thrown: { error: unknown } | undefined
  result: unknown
  /** The first response to each id of the batch. */
  byId: ReadonlyMap<string, Response>
  /** What is wrong with entries that are no Response, or an unusable one. */
  unusable: readonly string[]
  missing: readonly string[]
  duplicate: readonly string[]
  unknown: readonly string[]
}

export const RULES = {
  array: 'write gives an array, or a promise of one',
  responses: 'every entry of the array is a Response',
  count: 'there are as many responses as messages',
  ids: 'each id is answered exactly once',
} as const

const OUTCOMES: readonly string[] = ['ok', 'failure', 'fallback', 'onSuccess', 'serve', 'hold', 'nack']
const WRITTEN: readonly (ResponseOutcome | undefined)[] = ['ok', 'onSuccess', 'serve']

/** Tells whether an outcome says that the message was written. */
export function isWritten(outcome: ResponseOutcome | undefined): boolean {
  return WRITTEN.includes(outcome)
}

/** Sorts what a write of these ids gave. A throw is a failure of each of them, so nothing is missing then. */
export function readAnswers(ids: readonly string[], result: unknown, thrown?: { error: unknown }): Answers {
  const known = new Set(ids)
  const byId = new Map<string, Response>()
  const unusable: string[] = []
  const duplicate: string[] = []
  const unknown: string[] = []
  for (const [index, entry] of (Array.isArray(result) ? result : []).entries()) {
    const fault = faultOf(entry)
    if (fault !== undefined) unusable.push(`entry ${index} is ${fault}`)
    if (!Response.isResponse(entry)) continue
    const id = idOf(entry)
    if (!known.has(id)) unknown.push(id)
    else if (byId.has(id)) duplicate.push(id)
    else byId.set(id, entry)
  }
  const missing = thrown ? [] : ids.filter((id) => !byId.has(id))
  return { ids, thrown, result, byId, unusable, missing, duplicate, unknown }
}

/** Throws unless write gave an array. */
export function requireArray({ result, thrown }: Answers): void {
  if (thrown || Array.isArray(result)) return
  breach(RULES.array, `write gave ${described(result)}`, 'an array with one Response for each message')
}

/** Throws unless every entry is a usable Response. */
export function requireResponses({ unusable }: Answers): void {
  if (unusable.length === 0) return
  breach(
    RULES.responses,
    unusable.slice(0, 5).join('; '),
    'what Response.ok(message), Response.failure(message, error) and the like give',
  )
}

/** Throws unless there are as many entries as messages. */
export function requireCount({ ids, result, thrown, ...rest }: Answers): void {
  if (thrown || !Array.isArray(result) || result.length === ids.length) return
  const what = `${counted(result.length, 'response')} for ${counted(ids.length, 'message')}${faults(rest)}`
  breach(RULES.count, what, `exactly ${ids.length}`)
}

/** Throws unless each id of the batch is answered once, and no other. */
export function requireIds({ ids, result, ...rest }: Answers): void {
  if (!Array.isArray(result)) return
  const what = faults(rest)
  if (what === '') return
  breach(
    RULES.ids,
    `in a batch of ${listed(ids)}${what}`,
    'one response for each message of the batch, and no other',
  )
}

/** Throws at the first of the four rules that the answers break. */
export function requireSound(answers: Answers): void {
  requireArray(answers)
  requireResponses(answers)
  requireCount(answers)
  requireIds(answers)
}

function faults({ missing, duplicate, unknown }: Pick<Answers, 'missing' | 'duplicate' | 'unknown'>): string {
  let text = ''
  if (missing.length > 0) text += `; no response for ${listed(missing)}`
  if (duplicate.length > 0) text += `; more than one response for ${listed(duplicate)}`
  if (unknown.length > 0) text += `; a response for ${listed(unknown)}, which the batch does not hold`
  return text
}

function idOf({ ref }: Response): string {
  if (typeof ref === 'string') return ref
  const id: unknown = (ref as { id?: unknown } | undefined)?.id
  return typeof id === 'string' ? id : described(ref)
}

function faultOf(entry: unknown): string | undefined {
  if (!Response.isResponse(entry)) return `no Response but ${described(entry)}`
  const { outcome, detail } = entry
  const options = (entry.options ?? {}) as { delayMs?: unknown; reason?: unknown }
  if (!OUTCOMES.includes(outcome)) return `a Response with the outcome ${described(outcome)}`
  if (outcome === 'hold' && !isDelay(options.delayMs))
    return `a hold with delayMs ${described(options.delayMs)}`
  if (outcome === 'nack' && typeof options.reason !== 'string')
    return `a nack with reason ${described(options.reason)}`
  if (outcome === 'serve' && typeof detail !== 'string' && !(detail instanceof Uint8Array)) {
    return `a serve whose payload is ${described(detail)}, not a string or bytes`
  }
  return undefined
}

function isDelay(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
