// Which lanes are taken (O1): the first of a lane is its holder, what goes on in it now; the others wait their turn behind it.

import { NO_LANE } from '../kernel/lane.js'

export class Lanes<T> {
  /** How many wait behind a holder, over all lanes. */
  waiting = 0
  private readonly queues = new Map<number, T[]>()

  /** Tells whether somebody holds the lane. */
  has(lane: number): boolean {
    return lane !== NO_LANE && this.queues.size !== 0 && this.queues.has(lane)
  }

  /** Joins a lane: as its holder when it is free, else behind all that are there. */
  join(lane: number, member: T): void {
    if (lane === NO_LANE) return
    const queue = this.queues.get(lane)
    if (queue === undefined) this.queues.set(lane, [member])
    else {
      queue.push(member)
      this.waiting++
    }
  }

  /** Gives all of a lane: the holder first, then those that wait, oldest first. */
  members(lane: number): readonly T[] {
    return this.queues.get(lane) ?? NOBODY
  }

  /** Takes a member out: gives the new holder if it was the holder and somebody waits, else undefined. */
  leave(lane: number, member: T): T | undefined {
    const queue = lane === NO_LANE ? undefined : this.queues.get(lane)
    const index = queue?.indexOf(member) ?? -1
    if (queue === undefined || index < 0) return undefined
    queue.splice(index, 1)
    if (queue.length === 0) {
      this.queues.delete(lane)
      return undefined
    }
    this.waiting--
    return index === 0 ? queue[0] : undefined
  }
}

const NOBODY: readonly never[] = []
