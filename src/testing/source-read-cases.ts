// What a source gives: the shape of its lists and records, their places, their values, the end, and its counts.

import { breach, counted, described, listed, preview } from './breach.js'
import { notRun } from './case.js'
import { places, type Seen, sameValue } from './seen.js'
import { requireValues, type SourceCase } from './source-case.js'
import { type LiveSource, READ_SHAPE, type SourceKit } from './source-kit.js'

export const READ_CASES: readonly SourceCase[] = [
  { name: READ_SHAPE, check: shape },
  { name: 'every record is well formed', check: wellFormed },
  { name: 'offsets are whole numbers of at most 64 bits', check: offsets },
  { name: 'no offset of a partition is given twice', check: uniqueOffsets },
  { name: 'reading by 1, by 7 and by 500 gives the same records', check: sameByAnyMax },
  { name: 'the values are the expected ones', check: expectedValues },
  { name: 'the end is null, and stays null', check: theEnd },
  { name: 'pending is a number, and 0 at the end', check: pending },
  { name: 'partitions and total are true', check: partitionsAndTotal },
]

async function shape(kit: SourceKit, rule: string): Promise<void> {
  for (const max of [1, 7, 500]) {
    const live = await kit.open()
    let left = Math.min(live.limit, 2 * max)
    for (let polls = 0; left > 0 && polls < 1_000; polls++) {
      const batch = await live.read(max)
      if (batch === null) break
      left -= batch.length
      if (batch.length > max)
        breach(rule, `read(${max}) gave ${counted(batch.length, 'record')}`, `at most ${max}`)
    }
  }
}

async function wellFormed(kit: SourceKit, rule: string): Promise<void> {
  for (const { at, malformed } of await readPlainly(kit, rule)) {
    if (malformed !== undefined) breach(rule, `${at} has ${malformed}`, 'what SourceRecord says')
  }
}

async function offsets(kit: SourceKit, rule: string): Promise<void> {
  const live = await kit.open()
  const isTold = live.source.ack !== undefined || live.source.nack !== undefined
  for (const [i, { offset, misplaced }] of (await live.readSome(live.limit)).entries()) {
    if (misplaced !== undefined)
      breach(rule, `record ${i} has ${misplaced}`, 'a bigint or a safe integer of 64 bits')
    if (offset !== undefined || !isTold) continue
    breach(rule, `record ${i} has no offset, and the source has ack or nack`, 'an offset to settle it by')
  }
}

async function uniqueOffsets(kit: SourceKit, rule: string): Promise<void> {
  const seen = new Map<string, number>()
  for (const [i, { at, offset }] of (await readPlainly(kit, rule)).entries()) {
    if (offset === undefined) continue
    const before = seen.get(at)
    seen.set(at, i)
    if (before === undefined) continue
    breach(
      rule,
      `record ${before} and record ${i} both have ${at}, and nothing was nacked`,
      'an offset for each record',
    )
  }
}

async function sameByAnyMax(kit: SourceKit, rule: string): Promise<void> {
  let first: Seen[] | undefined
  for (const max of [1, 7, 500]) {
    const live = await kit.open()
    const records = await live.readSome(live.limit, max)
    await live.close().catch(() => undefined)
    if (!isComparable(live, records)) {
      return notRun(
        rule,
        'of a source that is not `ordered`, the first records may be any: set `limit`, or give `expected`',
      )
    }
    first ??= records
    requireAlike(rule, sorted(first, live), sorted(records, live), max)
  }
}

/** Of an unordered source only all of its records can be compared. */
function isComparable({ source, limit, made }: LiveSource, records: readonly Seen[]): boolean {
  return source.ordered === true || records.length < limit || records.length === made.expected?.length
}

function requireAlike(rule: string, first: readonly Seen[], records: readonly Seen[], max: number): void {
  for (let i = 0; i < Math.max(first.length, records.length); i++) {
    const [one, other] = [first[i], records[i]]
    if (one && other && one.at === other.at && sameValue(one.value, other.value)) continue
    breach(
      rule,
      `record ${i} is ${shown(one)} by 1, and ${shown(other)} by ${max}`,
      'the same records, whatever the max',
    )
  }
}

function shown(record: Seen | undefined): string {
  return record === undefined ? 'none' : `${record.at} with ${preview(record.value)}`
}

/** Where order means nothing, records are compared in the order of their places. */
function sorted(records: readonly Seen[], { source }: LiveSource): readonly Seen[] {
  return source.ordered ? records : records.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
}

async function expectedValues(kit: SourceKit, rule: string): Promise<void> {
  const live = await kit.open()
  if (live.expected === undefined) return notRun(rule, 'make() gives no `expected`')
  if (kit.options.endless) {
    const expected = live.expected.slice(0, live.limit)
    requireValues(rule, await live.readSome(live.limit), expected, live.source.ordered === true)
  } else {
    const { records } = await live.readToEnd((batch) => live.ack(batch))
    requireValues(rule, records, live.expected, live.source.ordered === true)
  }
}

async function theEnd(kit: SourceKit, rule: string): Promise<void> {
  if (kit.options.endless) return
  const live = await kit.open()
  const { records, ended } = await live.readToEnd((batch) => live.ack(batch))
  const wanted = 'null at the end (`endless: true` where there is none)'
  if (!ended && records.length > live.limit) {
    const many = `more than ${counted(live.limit, 'record')} came`
    if (live.expected === undefined) return notRun(rule, `${many} and no end: set \`limit\`, or \`endless\``)
    breach(rule, `${many}, which were expected`, wanted)
  }
  if (!ended) {
    const what = `${counted(records.length, 'record')} came, all acked, then neither a record nor null for ${live.timeoutMs} ms`
    breach(rule, what, wanted)
  }
  const after = await live.read(1)
  if (after !== null)
    breach(rule, `read gave null, and then ${places(after) || 'an empty list'}`, 'null again')
}

async function pending(kit: SourceKit, rule: string): Promise<void> {
  const live = await kit.open()
  if (live.source.pending === undefined) return
  await requirePending(live, rule, 'before the first read')
  const { ended } = await live.readToEnd(async (batch) => {
    await requirePending(live, rule, 'between two reads')
    await live.ack(batch)
  })
  const left = await requirePending(live, rule, 'after the last read')
  if (ended && left !== 0) {
    breach(
      rule,
      `pending() is ${left} after read gave null, with all records acked`,
      '0: nothing is still to be read',
    )
  }
}

async function requirePending({ source }: LiveSource, rule: string, when: string): Promise<number> {
  const left: unknown = await source.pending?.()
  if (typeof left === 'number' && Number.isFinite(left) && left >= 0) return left
  return breach(rule, `pending() is ${described(left)} ${when}`, 'a finite number, 0 or more')
}

async function partitionsAndTotal(kit: SourceKit, rule: string): Promise<void> {
  const live = await kit.open()
  const partitions: unknown = live.source.partitions?.()
  if (partitions !== undefined && !(Array.isArray(partitions) && partitions.every(Number.isInteger))) {
    const got = Array.isArray(partitions) ? listed(partitions.map(String)) : described(partitions)
    breach(rule, `partitions() gave ${got}`, 'a list of whole numbers')
  }
  const { total, unit } = live.source
  if (total === undefined || unit === 'bytes' || kit.options.endless) return
  const { records, ended } = await live.readToEnd((batch) => live.ack(batch))
  if (ended && records.length !== total)
    breach(rule, `total is ${total}, and ${records.length} records came`, 'the same')
}

async function readPlainly(kit: SourceKit, rule: string): Promise<Seen[]> {
  const live = await kit.open()
  const records = await live.readSome(live.limit)
  if (records.length === 0) notRun(rule, 'the source gave no record')
  return records
}
