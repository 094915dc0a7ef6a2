// When commits are made, and what becomes of those that fail: a later one says more, so none is ever repeated as it was.

import type { Consumer } from '../../kafka/driver.js'
import { KafkaError } from '../../kafka/kafka-error.js'
import { messageOf } from '../../kernel/failure.js'
import type { Log } from '../../kernel/log.js'
import type { Lane } from './lane.js'

export type CommitParts = {
  everyMs: number
  every: number
  log: Log
  /** The session of now, if it has joined. */
  consumer(): Consumer | undefined
  generation(): number
  lanes(): Iterable<Lane>
}

export class Commits {
  count = 0
  failures = 0
  readonly #parts: CommitParts
  #settled = 0
  #dueMs = 0
  #under: Promise<void> | undefined
  #isFailing = false

  constructor(parts: CommitParts) {
    this.#parts = parts
  }

  /** Records were settled. */
  settled(count: number, nowMs: number): void {
    this.#settled += count
    if (this.#settled >= this.#parts.every) this.#begin(nowMs)
  }

  /** Called now and then. */
  tick(nowMs: number): void {
    if (nowMs >= this.#dueMs) this.#begin(nowMs)
  }

  /** Commits what there is at once, even while another commit is under way: the partitions are about to be taken. */
  revoking(): void {
    void this.#commit()
  }

  /** Resolves when all that is settled is committed, or could not be. */
  async flush(): Promise<void> {
    await this.#under
    await this.#commit()
  }

  #begin(nowMs: number): void {
    if (this.#under !== undefined) return
    this.#dueMs = nowMs + this.#parts.everyMs
    this.#settled = 0
    const under = this.#commit()
    this.#under = under
    void under.then(() => {
      this.#under = undefined
    })
  }

  /** Never rejects. The request is sent before this returns. */
  async #commit(): Promise<void> {
    const consumer = this.#parts.consumer()
    if (consumer === undefined) return
    const generation = this.#parts.generation()
    const moved: { lane: Lane; offset: bigint }[] = []
    const offsets = []
    for (const lane of this.#parts.lanes()) {
      const { toCommit } = lane
      if (toCommit === undefined || lane.generation !== generation) continue
      moved.push({ lane, offset: toCommit.offset })
      offsets.push(toCommit)
    }
    if (offsets.length === 0) return
    try {
      await consumer.commit(generation, offsets)
    } catch (error) {
      this.#failed(error)
      return
    }
    this.count++
    if (this.#isFailing) this.#parts.log.info('kafka: offsets are committed again')
    this.#isFailing = false
    for (const { lane, offset } of moved) {
      // A later commit may have overtaken this one.
      const isNewer = lane.committed === undefined || Number(offset) > lane.committed
      if (lane.isOwned && lane.generation === generation && isNewer) lane.committed = Number(offset)
    }
  }

  #failed(error: unknown): void {
    this.failures++
    // Others have the partitions, or are about to: that will be told.
    if (error instanceof KafkaError && error.kind === 'fenced') return
    if (!this.#isFailing)
      this.#parts.log.warn(`kafka: offsets could not be committed: ${messageOf(error)}: it is tried again`)
    this.#isFailing = true
  }
}
