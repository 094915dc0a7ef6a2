// What happened in a world, as one would tell it: virtual time, thread, and a sentence. Only the end of it is kept.

import type { LogRecord } from '../kernel/log.js'
import type { World } from './world.js'
import type { DeathPlace } from './world-deaths.js'
import { newRecords } from './world-records.js'
import type { WorldThread } from './world-thread.js'

/** Lines that are kept. */
const LINES_MAX = 200

export class WorldStory {
  private readonly kept: string[] = []
  private count = 0
  /** The published tail of each mailbox when it was last told of. */
  private readonly tails: number[] = []

  /** The end of the story. */
  get lines(): readonly string[] {
    const left = this.count - this.kept.length
    return left > 0 ? [`… ${left} lines before`, ...this.kept] : this.kept
  }

  tell(nowMs: number, who: string, what: string): void {
    this.count++
    this.kept.push(`${nowMs.toFixed(1).padStart(9)} ms  ${who.padEnd(9)} ${what}`)
    if (this.kept.length > LINES_MAX) this.kept.shift()
  }

  stepped(world: World, thread: WorldThread, { number }: { number: number; work: number }): void {
    const { plan } = world
    const { outbounds, parking, name } = plan.actors[number]
    for (const each of parking === undefined ? outbounds : [...outbounds, parking]) {
      const { from, to } = plan.mailboxes[each]
      const [records, tail] = newRecords(world.memory.mailboxes[each], this.tails[each])
      this.tails[each] = tail
      if (records.length === 0) continue
      this.tell(
        world.nowMs,
        thread.name,
        `${from === to ? `${name} parks` : `${name} → ${to}:`} ${records.join(', ')}`,
      )
    }
  }

  died(world: World, thread: WorldThread, place: DeathPlace): void {
    const by = thread.stepped === undefined ? '' : ''
    this.tell(world.nowMs, thread.name, `DIES at ${place}${by} (life ${thread.incarnation + 1})`)
  }

  opened(world: World, thread: WorldThread): void {
    for (const number of thread.actorNumbers) {
      for (const each of world.plan.actors[number].outbounds)
        this.tails[each] ??= newRecords(world.memory.mailboxes[each], undefined)[1]
    }
    this.tell(world.nowMs, thread.name, `opens for its life ${thread.incarnation + 1}`)
  }

  logged(world: World, thread: WorldThread, record: LogRecord): void {
    if (record.level === 'warn' || record.level === 'error')
      this.tell(world.nowMs, thread.name, `logs: ${record.message}`)
  }
}
