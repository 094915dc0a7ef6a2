// The shape of a source's case, and what several of them do.

import type { Value } from '../kernel/codec.js'
import { breach, counted, preview } from './breach.js'
import { type Case, notRun } from './case.js'
import { places, type Seen, sameValue, valueKey } from './seen.js'
import { type LiveSource, Patience, type SourceKit } from './source-kit.js'

/** A rule of the source contract, and how it is checked. `rule` is the case's own name. */
export type SourceCase = Case & { readonly check: (kit: SourceKit, rule: string) => Promise<void> }

/** How many records the cases about settling read. */
const SOME = 30

/** Reads some records to settle; undefined, and said so, where there are none. */
export async function someRecords(live: LiveSource, rule: string): Promise<Seen[] | undefined> {
  const records = await live.readSome(Math.min(SOME, live.limit), 7)
  if (records.length > 0) return records
  notRun(rule, 'the source gave no record')
  return undefined
}

/** Reads on until each of these has come again, checks that it is what it was, and gives all that was read. */
export async function readAgain(live: LiveSource, rule: string, nacked: readonly Seen[]): Promise<Seen[]> {
  const owed = new Map(nacked.map((record) => [record.at, record]))
  const read: Seen[] = []
  const patience = new Patience(live.timeoutMs)
  while (owed.size > 0) {
    const left = [...owed.values()]
    const late = () => breach(rule, `${places(left)} had not come again after ${live.timeoutMs} ms`, AGAIN)
    const batch = await live.read(7, late)
    if (batch === null) breach(rule, `read gave null, the end, and ${places(left)} had not come again`, AGAIN)
    for (const record of batch) {
      const before = owed.get(record.at)
      if (before) requireSame(rule, before, record)
      owed.delete(record.at)
    }
    read.push(...batch)
    const hurries = batch.length > 0 && read.length < live.limit
    if (owed.size > 0 && !hurries && !(await patience.wait())) late()
  }
  return read
}

export const AGAIN = 'each nacked record comes again, with its partition, its offset and its value'

/** Throws unless the values are the expected ones: in their order, or in any. */
export function requireValues(
  rule: string,
  seen: readonly Seen[],
  expected: readonly Value[],
  ordered: boolean,
): void {
  const wanted = `exactly the ${counted(expected.length, 'value')} of \`expected\`${ordered ? ', in their order' : ''}`
  if (ordered) {
    for (const [i, { at, value }] of seen.entries()) {
      if (i >= expected.length) breach(rule, `${at} has ${preview(value)}, beyond what is expected`, wanted)
      if (valueKey(value) === valueKey(expected[i])) continue
      breach(rule, `value ${i} (${at}) is ${preview(value)}, not ${preview(expected[i])}`, wanted)
    }
  }
  const left = new Map<string, number>()
  for (const value of expected) left.set(valueKey(value), (left.get(valueKey(value)) ?? 0) + 1)
  for (const { at, value } of seen) {
    const count = left.get(valueKey(value)) ?? 0
    if (count === 0)
      breach(rule, `${at} has ${preview(value)}, which is not expected, or not so often`, wanted)
    left.set(valueKey(value), count - 1)
  }
  const missing = expected.find((value) => (left.get(valueKey(value)) ?? 0) > 0)
  if (missing !== undefined)
    breach(rule, `${preview(missing)} never came (${counted(seen.length, 'record')} did)`, wanted)
}

/** Throws unless a record is what it was when it came before. */
export function requireSame(rule: string, before: Seen, now: Seen): void {
  if (sameValue(before.value, now.value)) return
  breach(
    rule,
    `${now.at} came again with ${preview(now.value)}, and had been ${preview(before.value)}`,
    AGAIN,
  )
}
