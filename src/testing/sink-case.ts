// The shape of a sink's case, and what several of them do.

import type { ResponseOutcome } from '../sinks/response.js'
import { requireAccepted } from './accepted.js'
import { type Answers, isWritten } from './answers.js'
import { breach, described, listed } from './breach.js'
import { type Case, notRun } from './case.js'
import type { LiveSink, SinkKit } from './sink-kit.js'

/** A rule of the sink contract, and how it is checked. `rule` is the case's own name. */
export type SinkCase = Case & { readonly check: (kit: SinkKit, rule: string) => Promise<void> }

/** Says that the rule can't be seen without accepted(). */
export function notRunWithoutAccepted(rule: string): void {
  notRun(rule, 'make() gives no accepted(), so nobody can see what was written')
}

/** Closes the sink, and throws unless what it accepted is what it answered. */
export async function closeAndRequireAccepted(live: LiveSink, rule: string): Promise<void> {
  await live.close().catch(() => undefined)
  const accepted = await live.accepted()
  if (accepted === undefined) notRunWithoutAccepted(rule)
  else requireAccepted(rule, live.written, accepted)
}

/** Throws if write threw. */
export function requireNoThrow(rule: string, { ids, thrown }: Answers, wanted: string): void {
  if (!thrown) return
  breach(rule, `write threw ${described(thrown.error)} for the batch of ${listed(ids)}`, wanted)
}

/** Throws unless each message was answered; gives the outcomes, in the order of the batch. */
export function requireAnswered(rule: string, { ids, byId }: Answers): ResponseOutcome[] {
  const missing = ids.filter((id) => !byId.has(id))
  if (missing.length > 0) breach(rule, `no response for ${listed(missing)}`, 'an answer to each message')
  return ids.map((id) => byId.get(id)?.outcome as ResponseOutcome)
}

/** Gives the ids that were not written. */
export function notWritten({ ids, byId }: Answers): string[] {
  return ids.filter((id) => !isWritten(byId.get(id)?.outcome))
}
