// Results: kept byte for byte, the first of an id; given up by time and by bytes, the oldest first.

import { systemClock, wallClockMs } from '../kernel/clock.js'
import { breach, counted, preview } from './breach.js'
import { notRun } from './case.js'
import {
  acceptAll,
  idsOf,
  type ResultStoreCase,
  requestOf,
  requireAccepted,
  requireState,
  requireUnfinished,
  resultOf,
} from './result-store-case.js'
import type { LiveStore, ResultStoreKit } from './result-store-kit.js'
import { Patience } from './source-kit.js'

const VALUE_BYTES_MAX = 1024 * 1024
/** A clock that was read once may differ so much from the wall's by now. */
const CLOCK_MS = 2_000
const KEEP_MS = 150
/** Timers and clocks may be early by a part of a ms. */
const EARLY_MS = 2
const BYTES = 64 * 1024
const ENTRY_BYTES = 1_024

export const RESULT_CASES: readonly ResultStoreCase[] = [
  { name: 'a finished id has its result, byte for byte, and no request', check: byteForByte },
  { name: 'a result needs no request', check: withoutRequest },
  { name: 'of two results of an id the first stays', check: firstStays },
  { name: 'sinceMs is when it came to be so', check: since },
  { name: 'a result is given up after keepMs and not before, a request never', check: byTime },
  { name: 'a full store says so, and keeps what it has accepted', check: fullOfRequests },
  { name: 'beyond its bytes the oldest results are given up first', check: byBytes },
]

async function byteForByte(kit: ResultStoreKit, rule: string): Promise<void> {
  const live = await kit.open()
  const { valueBytesMax = VALUE_BYTES_MAX } = kit.options
  for (const size of [0, 1, 255, 70_000, valueBytesMax]) {
    if (size > valueBytesMax) continue
    const bytes = Uint8Array.from({ length: size }, (_, i) => i + size)
    const id = `of ${size} bytes`
    await live.accept(id, bytes)
    await requireUnfinished(live, rule, [id], () => bytes)
    await live.finish(id, bytes)
    await requireState(live, rule, id, { state: 'finished', bytes })
    await requireUnfinished(live, rule, [])
  }
}

async function withoutRequest(kit: ResultStoreKit, rule: string): Promise<void> {
  const live = await kit.open()
  await live.finish('a', resultOf('a'))
  await requireState(live, rule, 'a', { state: 'finished', bytes: resultOf('a') })
  await requireUnfinished(live, rule, [])
}

async function firstStays(kit: ResultStoreKit, rule: string): Promise<void> {
  const live = await kit.open()
  await acceptAll(live, rule, ['a'])
  await live.finish('a', resultOf('a'))
  await live.finish('a', resultOf('another'))
  await requireState(live, rule, 'a', { state: 'finished', bytes: resultOf('a') })
}

async function since(kit: ResultStoreKit, rule: string): Promise<void> {
  const live = await kit.open()
  for (const change of [
    () => live.accept('a', requestOf('a')),
    () => live.finish('a', resultOf('a')),
  ] as const) {
    const beforeMs = wallClockMs()
    await change()
    const afterMs = wallClockMs()
    const { sinceMs, state } = (await live.get('a')) ?? { sinceMs: Number.NaN, state: 'unknown' }
    if (sinceMs >= beforeMs - CLOCK_MS && sinceMs <= afterMs + CLOCK_MS) continue
    breach(
      rule,
      `it is ${state} since ${sinceMs}`,
      `between ${beforeMs} and ${afterMs}, the ms since 1970 of the call`,
    )
  }
}

async function byTime(kit: ResultStoreKit, rule: string): Promise<void> {
  if (!kit.options.limited) return notRun(rule, '`limited` does not say that make() heeds keepMs')
  const live = await kit.open({ keepMs: KEEP_MS })
  await requireAccepted(live, rule, 'accepted')
  const beforeMs = systemClock.now()
  await live.finish('finished', resultOf('finished'))
  await goneIn(live, rule, 'finished', kit.options.timeoutMs)
  const keptMs = systemClock.now() - beforeMs
  if (keptMs < KEEP_MS - EARLY_MS)
    breach(rule, `a result was given up after ${keptMs.toFixed(1)} ms`, `not before keepMs, ${KEEP_MS}`)
  await requireUnfinished(live, rule, ['accepted'])
  await requireAccepted(live, rule, 'finished')
}

async function goneIn(live: LiveStore, rule: string, id: string, timeoutMs = 10_000): Promise<void> {
  const patienceMs = KEEP_MS + timeoutMs
  const patience = new Patience(patienceMs)
  while ((await live.get(id)) !== undefined) {
    if (!(await patience.wait()))
      breach(rule, `a result was still there after ${patienceMs} ms`, `to be given up after ${KEEP_MS} ms`)
  }
}

async function fullOfRequests(kit: ResultStoreKit, rule: string): Promise<void> {
  if (!kit.options.limited) return notRun(rule, '`limited` does not say that make() heeds bytes')
  const live = await kit.open({ bytes: BYTES })
  const most = (2 * BYTES) / ENTRY_BYTES
  const ids: string[] = []
  for (const id of idsOf('request', most + 1)) {
    if ((await live.accept(id, largeOf(id))) === 'full') break
    ids.push(id)
  }
  const wanted = `'full' at about ${BYTES} bytes, and nothing else is changed`
  if (ids.length > most || ids.length === 0)
    breach(rule, `${counted(ids.length, 'request')} of ${ENTRY_BYTES} bytes were accepted`, wanted)
  await requireState(live, rule, `request-${ids.length}`, undefined)
  await live.finish('result', resultOf('result'))
  await requireUnfinished(live, rule, ids, largeOf)
  for (const id of ids) await live.finish(id, Buffer.alloc(0))
  const again = await live.accept('again', largeOf('again'))
  if (again !== 'accepted')
    breach(rule, `with all finished accept gave '${again}'`, "'accepted': there is room again")
}

async function byBytes(kit: ResultStoreKit, rule: string): Promise<void> {
  if (!kit.options.limited) return notRun(rule, '`limited` does not say that make() heeds bytes')
  const live = await kit.open({ bytes: BYTES })
  await requireAccepted(live, rule, 'accepted')
  const ids = idsOf('result', (3 * BYTES) / ENTRY_BYTES)
  for (const id of ids) await live.finish(id, largeOf(id))
  const states = await Promise.all(ids.map((id) => live.get(id)))
  const first = states.findIndex((state) => state !== undefined)
  const wanted = `the youngest results that fit into ${BYTES} bytes`
  if (first === 0)
    breach(rule, `all ${counted(ids.length, 'result')} of ${ENTRY_BYTES} bytes are there`, wanted)
  if (first < 0) breach(rule, 'no result is there', wanted)
  const missing = states.findIndex((state, i) => i > first && state === undefined)
  if (missing >= 0)
    breach(
      rule,
      `${preview(ids[missing])} was given up before ${preview(ids[first])}, which is older`,
      wanted,
    )
  await requireUnfinished(live, rule, ['accepted'])
}

function largeOf(id: string): Uint8Array {
  return Buffer.alloc(ENTRY_BYTES, id)
}
