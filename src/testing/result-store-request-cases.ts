// Requests: accepted once, kept as they were given, until they are finished or forgotten.

import { breach, preview } from './breach.js'
import {
  acceptAll,
  finishAll,
  idsOf,
  type ResultStoreCase,
  requestOf,
  requireAccepted,
  requireState,
  requireUnfinished,
  resultOf,
} from './result-store-case.js'
import { type ResultStoreKit, SHAPES } from './result-store-kit.js'

const MANY = 200
/** Ids are what callers send. */
const ODD_IDS = ['0', '__proto__', ' ', 'a/b?c#d', 'ü€𝄞', '..', 'x'.repeat(256), 'A', 'a']

export const REQUEST_CASES: readonly ResultStoreCase[] = [
  { name: SHAPES, check: inShape },
  { name: 'what is accepted is unfinished, in its order and with its bytes', check: unfinishedInOrder },
  { name: 'any text is an id', check: oddIds },
  { name: 'accept of a known id says so, and changes nothing', check: known },
  { name: 'of many accepts of an id at once, one is accepted', check: onlyOne },
  { name: 'many requests may be accepted and finished at once', check: manyAtOnce },
  { name: "bytes are the caller's again when the call has returned", check: bytesAreCopied },
  { name: 'a forgotten id is unknown, and may be accepted again', check: forgotten },
  { name: 'forget changes nothing but what is accepted', check: forgetNothing },
]

async function inShape(kit: ResultStoreKit, rule: string): Promise<void> {
  const live = await kit.open()
  await requireState(live, rule, 'never given', undefined)
  await requireAccepted(live, rule, 'a')
  await requireState(live, rule, 'a', { state: 'accepted', bytes: requestOf('a') })
  await live.finish('a', resultOf('a'))
  await live.forget('b')
  for (const [name, value] of Object.entries(live.store.stats?.() ?? {})) {
    if (/^[a-z][a-z0-9_]*$/.test(name) && Number.isFinite(value)) continue
    breach(rule, `stats gave ${preview(name)}: ${value}`, 'numbers, by names in lower case with _')
  }
}

async function unfinishedInOrder(kit: ResultStoreKit, rule: string): Promise<void> {
  const live = await kit.open()
  const ids = idsOf('order', 30).toReversed()
  await requireUnfinished(live, rule, [])
  await acceptAll(live, rule, ids)
  await requireUnfinished(live, rule, ids)
  await finishAll(live, ids.slice(10, 20))
  await requireUnfinished(live, rule, [...ids.slice(0, 10), ...ids.slice(20)])
}

async function oddIds(kit: ResultStoreKit, rule: string): Promise<void> {
  const live = await kit.open()
  await acceptAll(live, rule, ODD_IDS)
  await requireUnfinished(live, rule, ODD_IDS)
  await finishAll(live, ODD_IDS)
  for (const id of ODD_IDS) await requireState(live, rule, id, { state: 'finished', bytes: resultOf(id) })
}

async function known(kit: ResultStoreKit, rule: string): Promise<void> {
  const live = await kit.open()
  await acceptAll(live, rule, ['accepted', 'finished'])
  await finishAll(live, ['finished'])
  for (const id of ['accepted', 'finished']) {
    const outcome = await live.accept(id, Buffer.from('another'))
    if (outcome !== 'exists')
      breach(rule, `accept of an id that is ${id} gave '${outcome}'`, "'exists', and nothing is changed")
  }
  await requireUnfinished(live, rule, ['accepted'])
  await requireState(live, rule, 'finished', { state: 'finished', bytes: resultOf('finished') })
}

async function onlyOne(kit: ResultStoreKit, rule: string): Promise<void> {
  const live = await kit.open()
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, i) => live.accept('one', Buffer.from(`request ${i}`))),
  )
  const accepted = outcomes.flatMap((outcome, i) => (outcome === 'accepted' ? [i] : []))
  const wanted = "'accepted' for one of them, 'exists' for all others"
  if (accepted.length !== 1 || outcomes.includes('full'))
    breach(rule, `of 20 at once ${accepted.length} gave 'accepted'`, wanted)
  await requireUnfinished(live, rule, ['one'], () => Buffer.from(`request ${accepted[0]}`))
}

/** Among calls at once any order is right. */
async function manyAtOnce(kit: ResultStoreKit, rule: string): Promise<void> {
  const live = await kit.open()
  const ids = idsOf('many', MANY)
  await Promise.all(ids.map((id) => requireAccepted(live, rule, id)))
  const found = (await live.unfinished(MANY + 1)).map(({ id }) => id)
  if (found.toSorted().join() !== ids.toSorted().join())
    breach(
      rule,
      `${found.length} are unfinished, or others than were accepted`,
      `the ${MANY} that were accepted`,
    )
  const half = MANY / 2
  await Promise.all(
    ids.map((id, i) => (i < half ? live.finish(id, resultOf(id)) : live.finish(`${id}-new`, resultOf(id)))),
  )
  for (const [i, id] of ids.entries()) {
    if (i < half) await requireState(live, rule, id, { state: 'finished', bytes: resultOf(id) })
    else {
      await requireState(live, rule, id, { state: 'accepted', bytes: requestOf(id) })
      await requireState(live, rule, `${id}-new`, { state: 'finished', bytes: resultOf(id) })
    }
  }
}

async function bytesAreCopied(kit: ResultStoreKit, rule: string): Promise<void> {
  const live = await kit.open()
  // In the middle of a larger buffer, as what is read from a socket lies.
  const around = Buffer.alloc(64, '.')
  const bytes = around.subarray(20, 40)
  const use = async (call: () => Promise<unknown>) => {
    bytes.fill('v')
    const calling = call()
    bytes.fill('-')
    await calling
  }
  await use(() => live.accept('a', bytes))
  await use(() => live.finish('b', bytes))
  const wanted = Buffer.alloc(bytes.length, 'v')
  await requireUnfinished(live, rule, ['a'], () => wanted)
  await requireState(live, rule, 'b', { state: 'finished', bytes: wanted })
}

async function forgotten(kit: ResultStoreKit, rule: string): Promise<void> {
  const live = await kit.open()
  await acceptAll(live, rule, ['a', 'b', 'c'])
  await live.forget('a')
  await requireState(live, rule, 'a', undefined)
  await requireUnfinished(live, rule, ['b', 'c'])
  await requireAccepted(live, rule, 'a')
  await requireUnfinished(live, rule, ['b', 'c', 'a'])
}

async function forgetNothing(kit: ResultStoreKit, rule: string): Promise<void> {
  const live = await kit.open()
  await acceptAll(live, rule, ['accepted', 'finished'])
  await finishAll(live, ['finished'])
  await live.forget('finished')
  await live.forget('never given')
  await requireState(live, rule, 'finished', { state: 'finished', bytes: resultOf('finished') })
  await requireUnfinished(live, rule, ['accepted'])
}
