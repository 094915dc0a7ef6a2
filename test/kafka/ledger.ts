// The account of a topic that is piped to another, kept by a client of its own: what was read, what was written, what is
// committed. It knows nothing of the processes between them.
//   I1 what is committed was written       I3 what comes twice is within a bound
//   I4 keys are in order                   I5 what is committed never goes back

import type { Message } from 'kafkajs'
import { expect } from 'vitest'
import type { Read, TestAdmin } from './admin.js'
import { until } from './until.js'

const LOOK_MS = 50
const KEYS = 60

export class Ledger {
  readonly from: string
  readonly to: string
  readonly group: string
  readonly count: number
  /** Offsets of the inputs, by partition, in their order: the numbers that lie there. */
  readonly #inputs = new Map<number, number[]>()
  readonly #written: Read[] = []
  readonly #seen = new Set<number>()
  readonly #committed: number[] = []
  readonly #breaches: string[] = []
  readonly #admin: TestAdmin
  #end: () => Promise<void> = async () => {}

  private constructor(admin: TestAdmin, from: string, to: string, group: string, count: number) {
    this.#admin = admin
    this.from = from
    this.to = to
    this.group = group
    this.count = count
  }

  /** Writes so many numbers into a new topic, and begins to look. */
  static async begin(admin: TestAdmin, count: number, partitions: number): Promise<Ledger> {
    const [from, to] = [await admin.topic(partitions), await admin.topic(partitions)]
    const ledger = new Ledger(admin, from, to, `g-${from}`, count)
    await admin.write(
      from,
      Array.from({ length: count }, (_, i) => numbered(i)),
    )
    for (const { partition, message } of await admin.readUntil([from], (all) => all.length === count)) {
      const numbers = ledger.#inputs.get(partition) ?? []
      ledger.#inputs.set(partition, numbers)
      numbers[Number(message.offset)] = Number(message.value)
    }
    const follower = await admin.follow([to], (each) => {
      ledger.#written.push(each)
      ledger.#seen.add(Number(each.message.value))
    })
    const stopLooking = ledger.#lookAtCommits()
    ledger.#end = async () => {
      await stopLooking()
      await follower()
    }
    return ledger
  }

  /** Of different numbers. */
  get writtenCount(): number {
    return this.#seen.size
  }

  get committedCount(): number {
    return this.#committed.reduce((sum, offset) => sum + Math.max(0, offset), 0)
  }

  /** Waits until so many of all are written. */
  async reaches(count: number, timeoutMs = 60_000): Promise<void> {
    await until(
      `${count} are written`,
      () => this.writtenCount >= Math.min(count, this.count),
      timeoutMs,
    ).catch((error) => {
      throw new Error(`${error.message}: ${this.writtenCount}`)
    })
  }

  /** Nobody runs: each number below what is committed is written. */
  async requireNoLoss(): Promise<void> {
    const committed = await this.#admin.committed(this.group, this.from)
    const ends = await this.#admin.admin.fetchTopicOffsets(this.to)
    const end = ends.reduce((sum, { offset }) => sum + Number(offset), 0)
    await until('the ledger has all that is written', () => this.#written.length >= end)
    for (const [partition, offset] of committed.entries())
      for (const number of (this.#inputs.get(partition) ?? []).slice(0, Math.max(0, offset)))
        if (!this.#seen.has(number)) expect.fail(`${number} is committed, and was not written`)
  }

  /** Waits until all is written and committed, and checks the account. `repeatsMax`: how many may be there twice. */
  async requireAll(repeatsMax: number, timeoutMs = 90_000): Promise<void> {
    await this.reaches(this.count, timeoutMs)
    await until('all is committed', () => this.committedCount === this.count, timeoutMs)
    await this.requireNoLoss()
    expect(this.#breaches).toEqual([])
    this.#requireOrder()
    expect(this.#written.length - this.count, 'written twice').toBeLessThanOrEqual(repeatsMax)
  }

  async end(): Promise<void> {
    await this.#end()
  }

  #requireOrder(): void {
    const last = new Map<string, number>()
    const seen = new Set<number>()
    for (const { message } of this.#written) {
      const [key, number] = [String(message.key), Number(message.value)]
      if (seen.has(number)) continue
      seen.add(number)
      expect(number, `the order of ${key}`).toBeGreaterThan(last.get(key) ?? -1)
      last.set(key, number)
    }
  }

  #lookAtCommits(): () => Promise<void> {
    let isOver = false
    const looking = (async () => {
      while (!isOver) {
        // Brokers that are down say nothing.
        const committed = await this.#admin.committed(this.group, this.from).catch(() => [])
        for (const [partition, offset] of committed.entries()) {
          const before = this.#committed[partition] ?? -1
          if (offset < before) this.#breaches.push(`${partition} went back from ${before} to ${offset}`)
          this.#committed[partition] = offset
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
      }
    })()
    return async () => {
      isOver = true
      await looking
    }
  }
}

function numbered(number: number): Message {
  return { key: `key-${number % KEYS}`, value: String(number) }
}
