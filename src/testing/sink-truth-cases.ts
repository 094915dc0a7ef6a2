// Whether the answers are true, and whether the messages are left alone.

import { requireAbsent, requireAccepted, requireOrder } from './accepted.js'
import { type Answers, isWritten } from './answers.js'
import { type MessageSpec, TestBatch } from './batch.js'
import { breach, listed } from './breach.js'
import { notRun } from './case.js'
import { closeAndRequireAccepted, notRunWithoutAccepted, notWritten, type SinkCase } from './sink-case.js'
import type { LiveSink, SinkKit } from './sink-kit.js'

export const TRUTH_CASES: readonly SinkCase[] = [
  { name: 'ok means written: once, and with these bytes', check: okIsTrue },
  { name: 'an ordered sink keeps the order of a batch', check: order },
  { name: 'a refused message is not answered ok, nor written', check: refusedAlone },
  { name: 'an ordered sink writes nothing of a key after a failure of that key', check: orderedFailure },
  { name: 'an atomic sink writes all of a batch or nothing', check: atomicFailure },
  { name: 'the messages are not written to', check: unchanged },
  { name: 'nothing is kept of a message after its answer', check: notKept },
]

async function okIsTrue(kit: SinkKit, rule: string): Promise<void> {
  const live = await kit.open()
  if (live.made.accepted === undefined) return notRunWithoutAccepted(rule)
  for (const specs of [kit.plain(1), kit.plain(Math.min(7, live.batchMax), 2)]) {
    await live.writeSpecs(specs)
    // At once, before any close or flush: an ok must be true when it is given.
    requireAccepted(rule, live.written, (await live.accepted()) ?? [])
  }
}

async function order(kit: SinkKit, rule: string): Promise<void> {
  const live = await kit.open()
  if (!live.sink.ordered) return
  if (live.made.accepted === undefined) return notRunWithoutAccepted(rule)
  const count = Math.min(12, live.batchMax)
  await live.writeSpecs(kit.plain(count, 1, () => ['same']))
  await live.writeSpecs(kit.plain(count, 1 + count, (n) => [`key-${n % 3}`]))
  await live.close().catch(() => undefined)
  requireOrder(rule, live.written, (await live.accepted()) ?? [])
}

async function refusedAlone(kit: SinkKit, rule: string): Promise<void> {
  const live = await openWithRefused(kit, rule, 1)
  if (!live) return
  const { byId } = await live.writeSpecs([refusedSpec(kit, live)])
  if (isWritten(byId.get(REFUSED)?.outcome)) {
    breach(
      rule,
      `${byId.get(REFUSED)?.outcome} was answered for the value that make() gave as \`refused\``,
      'a failure',
    )
  }
  await requireRefusedAbsent(live, rule)
}

/** One key: written, refused, then two that must wait; and another key, which may go on. */
async function orderedFailure(kit: SinkKit, rule: string): Promise<void> {
  const live = await openWithRefused(kit, rule, 5, 'ordered')
  if (!live) return
  const [before, after, last] = kit.plain(3, 1, () => ['same'])
  const [other] = kit.plain(1, 4, () => ['other'])
  const answers = await live.writeSpecs([before, refusedSpec(kit, live), other, after, last])
  if (!mayBeOffered(rule, answers)) return
  const lane = live.written.slice(-2)
  const ok = lane.filter(({ outcome }) => isWritten(outcome)).map(({ id }) => id)
  const why = 'failure for what follows a failure of the same key: it is written again behind it'
  if (ok.length > 0)
    breach(rule, `ok was answered for ${listed(ok)} after ${listed([REFUSED])} of the same key failed`, why)
  const accepted = await live.accepted()
  if (accepted) requireAbsent(rule, lane, accepted, why)
  else notRunWithoutAccepted(rule)
  await live.writeSpecs(
    [before, other, after, last].filter(({ id }) => notWritten(answers).includes(id as string)),
  )
  await closeAndRequireAccepted(live, rule)
}

async function atomicFailure(kit: SinkKit, rule: string): Promise<void> {
  const live = await openWithRefused(kit, rule, 3, 'atomic')
  if (!live) return
  const [before, after] = kit.plain(2)
  const answers = await live.writeSpecs([before, refusedSpec(kit, live), after])
  if (!mayBeOffered(rule, answers)) return
  const { byId } = answers
  const ok = [...byId].filter(([, { outcome }]) => isWritten(outcome)).map(([id]) => id)
  const why = 'all or nothing: an atomic batch with one failure is written again whole'
  if (ok.length > 0)
    breach(rule, `ok was answered for ${listed(ok)} in a batch in which ${listed([REFUSED])} failed`, why)
  const accepted = await live.accepted()
  if (accepted) requireAbsent(rule, live.written, accepted, why)
  else notRunWithoutAccepted(rule)
  await live.writeSpecs([before, after])
  await closeAndRequireAccepted(live, rule)
}

const REFUSED = 'refused'

/** Gives an open sink where the rule applies and can be seen. */
async function openWithRefused(
  kit: SinkKit,
  rule: string,
  batchMin: number,
  kind?: 'ordered' | 'atomic',
): Promise<LiveSink | undefined> {
  const live = await kit.open()
  if ((kind !== undefined && !live.sink[kind]) || live.batchMax < batchMin) return undefined
  if (live.made.refused !== undefined) return live
  notRun(rule, 'make() gives no `refused` value, so nobody can see a failure')
  return undefined
}

/** Only a failure or a hold keeps its place: a nack or a fallback gives it up, and what follows may be written. */
function mayBeOffered(rule: string, { thrown, byId }: Answers): boolean {
  const outcome = thrown ? 'failure' : byId.get(REFUSED)?.outcome
  if (outcome === 'failure' || outcome === 'hold') return true
  notRun(
    rule,
    `the \`refused\` value was answered ${outcome ?? 'not at all'}, and the rule is about a failure`,
  )
  return false
}

function refusedSpec(kit: SinkKit, { made }: LiveSink): MessageSpec {
  return { ...kit.plain(1, 0, () => ['same'])[0], id: REFUSED, value: made.refused as string }
}

async function requireRefusedAbsent(live: LiveSink, rule: string): Promise<void> {
  const accepted = await live.accepted()
  if (accepted) requireAbsent(rule, live.written, accepted, 'what is refused is not written')
  else notRunWithoutAccepted(rule)
}

async function unchanged(kit: SinkKit, rule: string): Promise<void> {
  const live = await kit.open()
  const batch = new TestBatch(kit.plain(Math.min(5, live.batchMax)))
  await live.write(batch)
  await live.close().catch(() => undefined)
  const changed = batch.changed()
  if (changed.length === 0) return
  const wanted = 'messages lie in shared memory and are read only: change a copy, message.bytes()'
  breach(rule, `write changed the memory of ${listed(changed)}`, wanted)
}

async function notKept(kit: SinkKit, rule: string): Promise<void> {
  const live = await kit.open()
  if (live.made.accepted === undefined) return notRunWithoutAccepted(rule)
  for (const specs of [kit.plain(1), kit.plain(Math.min(5, live.batchMax), 2)]) {
    const batch = new TestBatch(specs)
    await live.write(batch)
    batch.overwrite()
  }
  await closeAndRequireAccepted(live, rule)
}
