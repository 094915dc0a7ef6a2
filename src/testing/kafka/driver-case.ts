// The shape of a driver's case.

import { deepStrictEqual } from 'node:assert/strict'
import { breach } from '../breach.js'
import type { Case } from '../case.js'
import type { DriverKit } from './driver-kit.js'

/** A rule of the seam, and how it is checked. */
export type DriverCase = Case & { readonly check: (kit: DriverKit, rule: string) => Promise<void> }

export function requireEqual(rule: string, what: string, got: unknown, wanted: unknown): void {
  try {
    deepStrictEqual(got, wanted)
  } catch {
    breach(rule, `${what} is ${textOf(got)}`, textOf(wanted))
  }
}

/** Gives what the promise rejects with. */
export async function rejection(rule: string, promise: Promise<unknown>): Promise<Record<string, unknown>> {
  const failed = Symbol('resolved')
  const thrown = await promise.then(
    () => failed,
    (error) => error,
  )
  if (thrown === failed) breach(rule, 'it resolved', 'a rejection')
  return thrown as Record<string, unknown>
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each)) ?? String(value)
}
