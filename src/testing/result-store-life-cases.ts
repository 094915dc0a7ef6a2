// A result store's life: open, close, and what is there when it is opened again.

import { breach } from './breach.js'
import { notRun } from './case.js'
import { within } from './deadline.js'
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
import { type LiveStore, OPENS, type ResultStoreKit } from './result-store-kit.js'

/** Clocks of two lives may differ by so much. */
const CLOCK_MS = 2_000

export const LIFE_CASES: readonly ResultStoreCase[] = [
  { name: OPENS, check: openAndClose },
  { name: 'close lets the calls that are under way settle', check: closeInBetween },
  { name: 'what was safe is there when it was closed and is opened again', check: afterClose },
  { name: 'what was safe is there when it was not closed and is opened again', check: afterDeath },
]

async function openAndClose(kit: ResultStoreKit, rule: string): Promise<void> {
  const unused = await kit.open()
  await unused.close()
  const used = await kit.open()
  await requireAccepted(used, rule, 'a')
  await used.close()
}

async function closeInBetween(kit: ResultStoreKit, rule: string): Promise<void> {
  const live = await kit.open()
  const calls = idsOf('id', 20).map((id, i) =>
    i % 2 === 0 ? live.store.accept(id, requestOf(id)) : live.store.finish(id, resultOf(id)),
  )
  const settled = Promise.allSettled(calls)
  await live.close()
  const { timeoutMs = 10_000 } = kit.options
  await within(settled, timeoutMs, () =>
    breach(rule, `not all had settled ${timeoutMs} ms after the close`, 'each resolves, or rejects'),
  )
}

async function afterClose(kit: ResultStoreKit, rule: string): Promise<void> {
  const live = await kit.open()
  if (canReopen(live, rule)) await requireKept(kit, rule, live, () => live.close())
}

async function afterDeath(kit: ResultStoreKit, rule: string): Promise<void> {
  const live = await kit.open()
  if (canReopen(live, rule)) await requireKept(kit, rule, live, async () => undefined)
}

function canReopen({ store, made }: LiveStore, rule: string): boolean {
  if (!store.durable) return false
  if (made.reopen === undefined) notRun(rule, 'make() gives no `reopen`')
  return made.reopen !== undefined
}

async function requireKept(
  kit: ResultStoreKit,
  rule: string,
  live: LiveStore,
  end: () => Promise<void>,
): Promise<void> {
  const [accepted, finished, forgotten] = ['accepted', 'finished', 'forgotten'].map((name) => idsOf(name, 7))
  await acceptAll(live, rule, [...forgotten, ...accepted, ...finished])
  await finishAll(live, [...finished, 'unasked'])
  for (const id of forgotten) await live.forget(id)
  const before = await live.get(accepted[0])
  await end()
  const again = await kit.reopen(live)
  for (const id of [...finished, 'unasked'])
    await requireState(again, rule, id, { state: 'finished', bytes: resultOf(id) })
  for (const id of forgotten) await requireState(again, rule, id, undefined)
  await requireUnfinished(again, rule, accepted)
  const [was, is] = [before?.sinceMs ?? 0, (await again.get(accepted[0]))?.sinceMs ?? 0]
  if (Math.abs(was - is) > CLOCK_MS)
    breach(rule, `an id that was accepted since ${was} is so since ${is}`, 'the time that it was')
  await finishAll(again, accepted)
  await requireUnfinished(again, rule, [])
  await requireAccepted(again, rule, forgotten[0])
}
