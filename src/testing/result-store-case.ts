// The shape of a result store's case, and what several of them do.

import { breach, counted, listed, preview } from './breach.js'
import type { Case } from './case.js'
import type { LiveStore, ResultStoreKit } from './result-store-kit.js'

/** A rule of the contract, and how it is checked. `rule` is the case's own name. */
export type ResultStoreCase = Case & {
  readonly check: (kit: ResultStoreKit, rule: string) => Promise<void>
}

/** What the suite knows of an id. */
export type Known = { state: 'accepted' | 'finished'; bytes: Uint8Array } | undefined

/** The bytes of a test: each id has a request and a result that are like no other. */
export function requestOf(id: string): Uint8Array {
  return Buffer.from(`request of ${id}`)
}

export function resultOf(id: string): Uint8Array {
  return Buffer.from(`result of ${id}`)
}

export function idsOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${name}-${i}`)
}

/** Accepts each with its request, one after the other. */
export async function acceptAll(live: LiveStore, rule: string, ids: readonly string[]): Promise<void> {
  for (const id of ids) await requireAccepted(live, rule, id)
}

export async function requireAccepted(live: LiveStore, rule: string, id: string): Promise<void> {
  const outcome = await live.accept(id, requestOf(id))
  if (outcome !== 'accepted')
    breach(rule, `accept(${preview(id)}) gave '${outcome}'`, "'accepted': the id is unknown")
}

export async function finishAll(live: LiveStore, ids: readonly string[]): Promise<void> {
  for (const id of ids) await live.finish(id, resultOf(id))
}

/** Throws unless get gives what is known of an id. */
export async function requireState(live: LiveStore, rule: string, id: string, known: Known): Promise<void> {
  const stored = await live.get(id)
  const wanted = known === undefined ? 'undefined' : `the state '${known.state}'`
  if (stored?.state !== known?.state)
    breach(rule, `get(${preview(id)}) gave ${stored ? `'${stored.state}'` : 'undefined'}`, wanted)
  if (known === undefined || stored?.state !== 'finished') return
  if (Buffer.compare(stored.result, known.bytes) === 0) return
  breach(
    rule,
    `get(${preview(id)}) gave the result ${preview(stored.result)}`,
    `what it was finished with, ${preview(known.bytes)}`,
  )
}

/** Throws unless these are unfinished, in this order and with these requests, and no others. */
export async function requireUnfinished(
  live: LiveStore,
  rule: string,
  ids: readonly string[],
  bytesOf: (id: string) => Uint8Array = requestOf,
): Promise<void> {
  const found = await live.unfinished(ids.length + 1)
  const wanted = `exactly the ${counted(ids.length, 'id')} accepted and not finished, in the order of acceptance`
  const missing = ids.filter((id) => !found.some((one) => one.id === id))
  if (missing.length > 0) breach(rule, `unfinished did not give ${listed(missing)}`, wanted)
  for (const [i, { id, request }] of found.entries()) {
    if (i >= ids.length || id !== ids[i])
      breach(rule, `unfinished gave ${preview(id)} as number ${i}, not ${preview(ids[i] ?? null)}`, wanted)
    if (Buffer.compare(request, bytesOf(id)) === 0) continue
    breach(rule, `unfinished gave ${preview(id)} with ${preview(request)}`, `${preview(bytesOf(id))}`)
  }
}
