// Holds what a sink says that it wrote against what is really there.

import type { ResponseOutcome } from '../sinks/response.js'
import { isWritten } from './answers.js'
import { OVERWRITTEN } from './batch.js'
import { breach, counted, listed, preview } from './breach.js'

/** One message of one write, and what the sink said of it; no outcome where it said nothing, or threw. */
export type Written = {
  id: string
  value: Buffer
  tombstone: boolean
  lane: string
  outcome: ResponseOutcome | undefined
}

/** The values that really are in the place that the sink writes to. */
export type Accepted = readonly (Uint8Array | string)[]

/** How often a value must be there, may be there, and is there. */
type Tally = { ids: string[]; value: Buffer; min: number; max: number; found: number }

/**
 * Throws unless each message that was answered ok is there exactly once, byte for byte, and nothing else is there but
 * messages that failed (a failed write may have been written). A tombstone may be there as an empty value.
 */
export function requireAccepted(rule: string, written: readonly Written[], accepted: Accepted): void {
  const textOf = textOfFor(accepted)
  const tallies = tallyOf(written, textOf)
  const strangers: (Uint8Array | string)[] = []
  for (const value of accepted) {
    const tally = tallies.get(textOf(value))
    if (tally) tally.found++
    else strangers.push(value)
  }
  requireNoStrangers(rule, strangers)
  for (const { ids, value, min, max, found } of tallies.values()) {
    if (found >= min && found <= max) continue
    const what = `accepted() holds the value ${preview(value)} of message ${listed(ids)} ${times(found)}`
    if (found < min)
      breach(rule, `${what}, but ok was answered for ${counted(min, 'such message')}`, OK_IS_TRUE)
    breach(rule, `${what}, but only ${counted(max, 'such message')} was given`, 'nothing is written twice')
  }
}

/** Throws unless, for each key, the messages that were written are there in the order in which they were given. */
export function requireOrder(rule: string, written: readonly Written[], accepted: Accepted): void {
  const textOf = textOfFor(accepted)
  const places = new Map<string, number>()
  for (const [i, value] of accepted.entries()) if (!places.has(textOf(value))) places.set(textOf(value), i)
  const last = new Map<string, { id: string; place: number }>()
  for (const { id, value, lane } of written) {
    const place = places.get(textOf(value))
    if (place === undefined) continue
    const before = last.get(lane)
    if (before && before.place > place) {
      const what = `${listed([id])} was written before ${listed([before.id])}, which came first in the batch`
      breach(rule, `${what} (keys ${lane})`, 'the order of the batch, as the sink says `ordered`')
    }
    last.set(lane, { id, place })
  }
}

/** Throws if a message is there that must not be. */
export function requireAbsent(
  rule: string,
  messages: readonly Written[],
  accepted: Accepted,
  why: string,
): void {
  const textOf = textOfFor(accepted)
  const there = new Set(accepted.map(textOf))
  const found = messages.filter(({ value }) => there.has(textOf(value))).map(({ id }) => id)
  if (found.length > 0) breach(rule, `accepted() holds message ${listed(found)}`, why)
}

const OK_IS_TRUE = 'ok is answered when the message is written, not before, and with these bytes'

/** A sink that is read back as text is compared as text, one that is read back as bytes byte for byte. */
function textOfFor(accepted: Accepted): (value: Uint8Array | string) => string {
  const encoding = accepted.some((value) => typeof value === 'string') ? 'utf8' : 'latin1'
  return (value) => (typeof value === 'string' ? value : Buffer.from(value).toString(encoding))
}

function tallyOf(written: readonly Written[], textOf: (value: Buffer) => string): Map<string, Tally> {
  const tallies = new Map<string, Tally>()
  for (const { id, value, outcome, tombstone } of written) {
    const key = textOf(value)
    const tally = tallies.get(key) ?? { ids: [], value, min: 0, max: 0, found: 0 }
    tally.ids.push(id)
    tally.max++
    if (isWritten(outcome) && !tombstone) tally.min++
    tallies.set(key, tally)
  }
  return tallies
}

function requireNoStrangers(rule: string, strangers: Accepted): void {
  if (strangers.length === 0) return
  const kept = strangers.find(isOverwritten)
  if (kept !== undefined) {
    const what = `accepted() holds ${preview(kept)}: what the harness wrote over a value after its answer`
    breach(
      rule,
      what,
      'a value is read before the answer, or copied with message.bytes(): the view is valid no longer',
    )
  }
  const what = `accepted() holds ${preview(strangers[0])}, the value of no message that was given`
  const others = strangers.length > 1 ? ` (and ${strangers.length - 1} more)` : ''
  breach(
    rule,
    what + others,
    'the bytes of the messages, unchanged, and a make() whose accepted() begins empty',
  )
}

/** Read as text, the bytes of OVERWRITTEN are replacement characters. */
function isOverwritten(value: Uint8Array | string): boolean {
  if (value.length === 0) return false
  return typeof value === 'string' ? /^\ufffd+$/.test(value) : value.every((byte) => byte === OVERWRITTEN)
}

function times(count: number): string {
  return count === 0 ? 'not at all' : counted(count, 'time')
}
