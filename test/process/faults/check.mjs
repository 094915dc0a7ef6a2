// The checker: compares what the source gave with what sinks accepted and what the source was told. It knows no fault, only
// the invariants: no loss (I1), nothing unknown or corrupt (I2), repeats only where they may be (I3), order of first occurrences (I4),
// nobody acks what was not read, or twice.

import { idOf, unstamped } from './input.mjs'

/** How many ids a problem names. */
const NAMED_MAX = 5

/**
 * @typedef {import('./ledger.mjs').Event} Event
 * @typedef {{ id: number, life: number, before: { life: number, opening: number, index: number }, index: number }} Repeat
 *
 * @typedef {object} Facts
 * @property {import('./input.mjs').Input} input
 * @property {Event[]} sink what sinks accepted
 * @property {Event[]} [fallback] what the fallback sink accepted
 * @property {Event[]} [source] what the source was asked and told: R read, A ack, N nack, each with offsets
 * @property {string[]} [torn] of the sink's ledger
 * @property {number} [tornMax] how many there may be: one for each kill
 * @property {boolean} [isComplete] true where the run has come to its end: then each message is accepted
 * @property {number} [dropped] messages that were dropped by a decision, as counted
 * @property {'key' | 'source' | 'none'} order
 * @property {(repeat: Repeat) => boolean} [mayRepeat] default: no message may
 *
 * @typedef {{ accepted: number, lost: number, missing: number, unknown: number, corrupt: number, duplicates: number, forbidden: number, disordered: number, problems: string[] }} Verdict
 */

/** @param {Facts} facts @returns {Verdict} */
export function check(facts) {
  const seen = new Seen(facts)
  seen.addAll(facts.sink, true)
  seen.addAll(facts.fallback ?? [], false)
  const lost = lostOf(facts, seen)
  const missing = facts.isComplete ? missingOf(facts, seen) : []
  const tornCount = facts.torn?.length ?? 0
  const disordered = facts.order === 'none' ? [] : disorderedOf(facts, seen)
  const problems = [
    ...told('acked, but accepted by nobody', lost.slice(facts.dropped ?? 0)),
    ...told('accepted by nobody', missing.slice(facts.dropped ?? 0)),
    ...told('accepted, but the source was never told', facts.isComplete ? untoldOf(facts) : []),
    ...told('unknown', seen.unknown),
    ...told('corrupt', seen.corrupt),
    ...told('repeated and must not be', seen.forbidden),
    ...told('before an earlier one of its order', disordered),
    ...told(
      'torn',
      tornCount > (facts.tornMax ?? 0) ? (facts.torn ?? []).map((line) => line.slice(0, 40)) : [],
    ),
    ...sourceProblems(facts),
  ]
  return {
    accepted: seen.firsts.size,
    lost: lost.length,
    missing: missing.length,
    unknown: seen.unknown.length,
    corrupt: seen.corrupt.length,
    duplicates: seen.repeats.length,
    forbidden: seen.forbidden.length,
    disordered: disordered.length,
    problems,
  }
}

class Seen {
  /** First acceptance of each id. @type {Map<number, { life: number, opening: number, index: number }>} */
  firsts = new Map()
  /** Ids in the order of their first acceptance by a sink. */
  order = []
  repeats = []
  forbidden = []
  unknown = []
  corrupt = []
  index = 0

  constructor({ input, mayRepeat = () => false }) {
    this.input = input
    this.mayRepeat = mayRepeat
  }

  addAll(events, isSink) {
    for (const event of events) for (const line of event.lines) this.add(unstamped(line), event, isSink)
  }

  add(line, { life, opening, ms }, isSink) {
    const id = idOf(line)
    if (id < 0) this.corrupt.push(line.slice(0, 40))
    else if (!(id < this.input.count) || this.input.lineOf(id) !== line) this.unknown.push(id)
    else this.known(id, { life, opening, ms, index: this.index++ }, isSink)
  }

  known(id, place, isSink) {
    const before = this.firsts.get(id)
    if (before === undefined) {
      this.firsts.set(id, place)
      if (isSink) this.order.push(id)
      return
    }
    const repeat = { id, ...place, before }
    this.repeats.push(repeat)
    if (!this.mayRepeat(repeat)) this.forbidden.push(id)
  }
}

/** I1: what was acked in some life was accepted in that life, or an earlier one: a later one can't excuse a false ack. */
function lostOf({ input, source = [] }, { firsts }) {
  const lost = new Set()
  for (const { word, more, life } of source) {
    if (word !== 'A') continue
    for (const offset of offsetsOf(more)) {
      const id = input.idByOffset.get(offset)
      const first = id === undefined ? undefined : firsts.get(id)
      if (first === undefined || first.life > life) lost.add(id ?? `at ${offset}`)
    }
  }
  return [...lost]
}

function missingOf({ input }, { firsts }) {
  const missing = []
  for (let id = 0; id < input.count; id++) if (!firsts.has(id)) missing.push(id)
  return missing
}

/** At its end the source has been told of each message, in this life or that. */
function untoldOf({ input, source = [] }) {
  if (source.length === 0) return []
  const acked = new Set(source.filter(({ word }) => word === 'A').flatMap(({ more }) => offsetsOf(more)))
  return [...input.idByOffset].filter(([offset]) => !acked.has(offset)).map(([, id]) => id)
}

/** I4 */
function disorderedOf({ input, order }, seen) {
  const last = new Map()
  return seen.order.filter((id) => {
    const key = order === 'key' ? input.keyOf(id) : ''
    if (id < (last.get(key) ?? -1)) return true
    last.set(key, id)
    return false
  })
}

/** Each reading is settled at most once, by the reader that read it. */
function sourceProblems({ source = [] }) {
  const stray = []
  let opening = -1
  let unsettled = new Map()
  for (const event of source) {
    if (event.opening !== opening) {
      opening = event.opening
      unsettled = new Map()
    }
    for (const offset of 'RAN'.includes(event.word) ? offsetsOf(event.more) : []) {
      const count = (unsettled.get(offset) ?? 0) + (event.word === 'R' ? 1 : -1)
      unsettled.set(offset, count)
      if (count < 0) stray.push(`${event.word === 'A' ? 'ack' : 'nack'} of ${offset}`)
    }
  }
  return told('settled without having been read, or twice', stray)
}

/** I10: read = acked + nacked + in flight + abandoned. */
export function conservationProblems(summary) {
  if (summary === undefined) return ['there is no summary']
  const { read, acked, nacked, inFlight, abandoned } = summary
  if (read === acked + nacked + inFlight + abandoned) return []
  return [
    `read ${read} is not acked ${acked} + nacked ${nacked} + in flight ${inFlight} + abandoned ${abandoned}`,
  ]
}

/** @param {string} more */
export function offsetsOf(more) {
  return more === '' ? [] : more.split(' ').map(Number)
}

function told(what, list) {
  if (list.length === 0) return []
  const named = list.slice(0, NAMED_MAX).join(', ')
  return [`${list.length} ${what}: ${named}${list.length > NAMED_MAX ? '…' : ''}`]
}
