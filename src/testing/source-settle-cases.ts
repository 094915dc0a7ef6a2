// What a source is told of its records, and what it does then: acked ones are gone, nacked ones come again.

import { systemClock } from '../kernel/clock.js'
import { breach } from './breach.js'
import { notRun } from './case.js'
import { places, type Seen } from './seen.js'
import { readAgain, type SourceCase, someRecords } from './source-case.js'
import type { LiveSource, SourceKit } from './source-kit.js'

export const COMES_AGAIN = 'a nacked record comes again, as it was'
export const ONLY_NACKED = 'only what was nacked comes again, and once for each nack'

/** Long enough to be told from none, short enough to wait for. */
const DELAY_MS = 50
/** Timers may ring early by a part of a ms. */
const EARLY_MS = 2

export const SETTLE_CASES: readonly SourceCase[] = [
  { name: 'records may be acked in order, in one call', check: ackInOrder },
  { name: 'records may be acked one by one, in any order', check: ackInAnyOrder },
  { name: COMES_AGAIN, check: nackedComeAgain },
  { name: 'an acked record never comes again', check: ackedStayAway },
  { name: ONLY_NACKED, check: onlyNackedComeAgain },
  { name: 'a nacked record comes no sooner than its delayMs', check: delayIsKept },
  { name: 'a nack after the end makes read give the record again', check: nackAfterTheEnd },
]

async function ackInOrder(kit: SourceKit, rule: string): Promise<void> {
  const live = await kit.open()
  const records = await someRecords(live, rule)
  if (records) await live.ack(records)
}

async function ackInAnyOrder(kit: SourceKit, rule: string): Promise<void> {
  const live = await kit.open()
  const records = await someRecords(live, rule)
  if (!records) return
  const odd = records.filter((_, i) => i % 2 === 1)
  const even = records.filter((_, i) => i % 2 === 0)
  for (const record of [...odd, ...even.toReversed()]) await live.ack([record])
}

async function nackedComeAgain(kit: SourceKit, rule: string): Promise<void> {
  const live = await openWithNack(kit)
  const records = live && (await someRecords(live, rule))
  if (!live || !records) return
  const nacked = records.filter((_, i) => i % 3 === 0)
  await live.nack(nacked)
  await readAgain(live, rule, nacked)
  // Twice, the last one first: a record is no less its own after a redelivery.
  await live.nack(nacked.toReversed())
  await readAgain(live, rule, nacked)
}

async function ackedStayAway(kit: SourceKit, rule: string): Promise<void> {
  const live = await kit.open()
  const records = await someRecords(live, rule)
  if (!records) return
  const acked = records.filter((_, i) => i % 2 === 0)
  const others = records.filter((_, i) => i % 2 === 1)
  const nacked = live.source.nack && live.source.redelivers !== false ? others : []
  await live.ack(acked)
  await live.nack(nacked)
  const known = new Set(acked.map(({ at }) => at))
  const back = (await live.readRest(records, nacked)).filter(({ at }) => known.has(at))
  if (back.length > 0)
    breach(rule, `${places(back)} came again after the ack`, 'never, within one life of the source')
}

/** Some are nacked, some acked, and some in flight: those must not come either. */
async function onlyNackedComeAgain(kit: SourceKit, rule: string): Promise<void> {
  const live = await openWithNack(kit)
  const records = live && (await someRecords(live, rule))
  if (!live || !records) return
  const nacked = records.filter((_, i) => i % 3 === 0)
  await live.ack(records.filter((_, i) => i % 3 === 1))
  await live.nack(nacked)
  requireOnce(rule, records, nacked, await live.readRest(records, nacked))
}

function requireOnce(
  rule: string,
  first: readonly Seen[],
  nacked: readonly Seen[],
  later: readonly Seen[],
): void {
  const owed = new Set(nacked.map(({ at }) => at))
  const known = new Set(first.map(({ at }) => at))
  for (const record of later) {
    const { at } = record
    if (owed.delete(at)) continue
    const why = nacked.some((one) => one.at === at) ? 'twice for one nack' : 'and was not nacked'
    if (known.has(at))
      breach(rule, `${places([record])} came again ${why}`, 'one redelivery for each nack, and no other')
    known.add(at)
  }
}

async function delayIsKept(kit: SourceKit, rule: string): Promise<void> {
  const live = await openWithNack(kit)
  const records = live && (await someRecords(live, rule))
  if (!live || !records) return
  const beforeMs = systemClock.now()
  await live.nack(records.slice(0, 1), DELAY_MS)
  await readAgain(live, rule, records.slice(0, 1))
  const waitedMs = systemClock.now() - beforeMs
  if (waitedMs >= DELAY_MS - EARLY_MS) return
  const what = `${records[0].at} came again after ${waitedMs.toFixed(1)} ms`
  breach(rule, what, `not before the delayMs of its nack, ${DELAY_MS}`)
}

async function nackAfterTheEnd(kit: SourceKit, rule: string): Promise<void> {
  if (kit.options.endless) return
  const live = await openWithNack(kit)
  if (!live) return
  const { records, ended } = await live.readToEnd()
  if (!ended || records.length === 0)
    return notRun(rule, ended ? 'the source gave no record' : 'no end was seen')
  const nacked = [records[0], ...records.slice(1).slice(-1)]
  await live.ack(records.filter((record) => !nacked.includes(record)))
  await live.nack(nacked)
  requireOnce(rule, records, nacked, await readAgain(live, rule, nacked))
  await live.ack(nacked)
  const after = await live.readToEnd()
  if (after.ended && after.records.length === 0) return
  const what = after.ended ? `${places(after.records)} came` : 'null did not come'
  breach(rule, `${what} after the nacked records had come again and were acked`, 'null')
}

/** Without nack a source gives nothing again: then these rules say nothing. */
async function openWithNack(kit: SourceKit): Promise<LiveSource | undefined> {
  const live = await kit.open()
  return live.source.nack && live.source.redelivers !== false ? live : undefined
}
