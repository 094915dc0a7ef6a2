// The results of requests, and what was accepted: kept in a store, whatever it takes, and told to whoever listens.

import { wallClockMs } from '../../kernel/clock.js'
import { within } from '../../kernel/deadline.js'
import { messageOf } from '../../kernel/failure.js'
import type { Log } from '../../kernel/log.js'
import { type Backoff, backoffMs } from '../../kernel/retry.js'
import type { ResultStore, StoredResult } from '../../results/result-store.js'
import { decodeResult, encodeResult, type KeptResult } from './kept.js'

export type Known = { state: 'accepted' } | { state: 'finished'; result: KeptResult; sinceMs: number }

const BACKOFF: Backoff = { initialMs: 50, factor: 2, maxMs: 5_000, jitter: 0.2 }
/** How long a close waits for results that are not safe yet. */
const CLOSE_MS = 3_000

export class Keeper {
  readonly store: ResultStore
  /** Results that are not safe yet. */
  private readonly pending = new Map<string, { known: Known; kept: Promise<void> }>()
  private readonly listeners = new Map<string, Set<(result: KeptResult) => void>>()
  private readonly log: Log
  private readonly later: (ms: number, call: () => void) => void
  private isClosed = false
  private failures = 0

  /** `later` calls back after some ms. */
  constructor(store: ResultStore, log: Log, later: (ms: number, call: () => void) => void) {
    this.store = store
    this.log = log
    this.later = later
  }

  /**
   * Keeps a result, and tells it to those who listen: where the store is durable, once it is safe. Where the store fails, the
   * result of what was accepted is tried again until it is safe; any other is given up, for nothing limits how many they are.
   */
  keep(id: string, result: KeptResult, wasAccepted: boolean): void {
    const bytes = encodeResult(result)
    const known: Known = { state: 'finished', result, sinceMs: wallClockMs() }
    const kept = this.try(id, bytes, wasAccepted, 1).then((isSafe) => {
      if (this.pending.get(id)?.known === known) this.pending.delete(id)
      if (this.store.durable && (isSafe || !wasAccepted)) this.tell(id, result)
    })
    this.pending.set(id, { known, kept })
    if (!this.store.durable) this.tell(id, result)
  }

  /** Gives what is known of an id. Rejects where the store fails, or has what cannot be read. */
  async find(id: string): Promise<Known | undefined> {
    return this.pending.get(id)?.known ?? knownOf(await this.store.get(id))
  }

  /** The same, of what a restart would find: a result that is not safe yet is not there. */
  async findSafe(id: string): Promise<Known | undefined> {
    if (this.store.durable && this.pending.has(id)) return { state: 'accepted' }
    return this.find(id)
  }

  /** Calls back with the result of what is in work, once. Gives a function that listens no more. */
  listen(id: string, listener: (result: KeptResult) => void): () => void {
    const listeners = this.listeners.get(id) ?? new Set()
    this.listeners.set(id, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.listeners.get(id) === listeners) this.listeners.delete(id)
    }
  }

  stats(): Record<string, number> {
    return { results_pending: this.pending.size, results_failed: this.failures }
  }

  async close(): Promise<void> {
    await within(
      CLOSE_MS,
      Promise.all([...this.pending.values()].map(({ kept }) => kept)).then(() => {}),
      () => {
        this.log.error(
          'results could not be kept: their requests are processed again after a restart, if they are durable',
          {
            count: this.pending.size,
          },
        )
      },
    )
    this.isClosed = true
    await this.store.close?.()
  }

  /** Tells those who listen how it ended. */
  tell(id: string, result: KeptResult): void {
    const listeners = this.listeners.get(id)
    this.listeners.delete(id)
    for (const listener of listeners ?? []) listener(result)
  }

  /** Tells whether somebody listens. */
  isHeard(id: string): boolean {
    return this.listeners.size > 0 && this.listeners.has(id)
  }

  /** Nothing of this id is in work: who still listens is told what is known of it, or that nothing came of it. */
  async over(id: string, reason: string): Promise<void> {
    const known = await this.findSafe(id).catch(() => undefined)
    if (known === undefined) this.tell(id, { reason })
    else if (known.state === 'finished') this.tell(id, known.result)
  }

  /** Gives whether it is safe. */
  private async try(id: string, bytes: Buffer, isTriedAgain: boolean, attempt: number): Promise<boolean> {
    try {
      await this.store.finish(id, bytes)
      return true
    } catch (error) {
      this.failures++
      if (!isTriedAgain) return false
      if (attempt === 1) this.log.error(`a result could not be kept, and is tried again: ${messageOf(error)}`)
      await new Promise<void>((resolve) =>
        this.later(
          backoffMs(BACKOFF, attempt, () => 0.5),
          resolve,
        ),
      )
      return this.isClosed ? false : this.try(id, bytes, true, attempt + 1)
    }
  }
}

function knownOf(stored: StoredResult | undefined): Known | undefined {
  if (stored === undefined) return undefined
  if (stored.state === 'accepted') return { state: 'accepted' }
  return { state: 'finished', result: decodeResult(stored.result), sinceMs: stored.sinceMs }
}
