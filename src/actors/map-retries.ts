// A mapper's messages that wait for another attempt, and those behind them in their lanes: in the parking, where they pin nobody
// and survive the thread (P1); under order 'source' in their place (O3).

import type { Cell } from '../kernel/cell.js'
import { DUE_DOUBLE } from '../kernel/layout.js'
import type { Message } from '../kernel/message.js'
import { DueHeap } from './due-heap.js'
import type { Lanes } from './lanes.js'
import type { MapTask } from './map-task.js'
import type { Parking } from './parking.js'

export class MapRetries {
  private readonly heap = new DueHeap<MapTask>()
  private readonly parking: Parking<MapTask>
  private readonly lanes: Lanes<MapTask>
  private readonly cell: Cell
  private readonly parks: boolean

  constructor(parking: Parking<MapTask>, lanes: Lanes<MapTask>, cell: Cell, parks: boolean) {
    this.parking = parking
    this.lanes = lanes
    this.cell = cell
    this.parks = parks
  }

  /** How many wait for their time. */
  get size(): number {
    return this.heap.size
  }

  /** When the next one is due, or Infinity. */
  get nextMs(): number {
    return this.heap.nextMs
  }

  /** Makes a task wait until `dueMs`, and its lane behind it. */
  wait(task: MapTask, dueMs: number): void {
    const { inbound, at } = task.message
    task.dueMs = dueMs
    inbound.ring.doubles[(at >>> 1) + DUE_DOUBLE] = dueMs
    if (this.parks) this.parking.putLane(task, this.lanes.members(task.lane), this.cell.pending)
    this.heap.push(task)
    this.cell.isDirty = true
  }

  /** Takes the next one that is due. */
  due(nowMs: number): MapTask | undefined {
    return this.heap.size === 0 ? undefined : this.heap.pop(nowMs)
  }

  /** Makes a newcomer wait behind the last of its lane, and where that waits (P2). */
  join(task: MapTask): void {
    const members = this.lanes.members(task.lane)
    const last = members[members.length - 1]
    if (this.parking.holds(last.message) && !last.isFixed && this.parking.put(task, this.cell.pending))
      this.cell.isDirty = true
    this.lanes.join(task.lane, task)
  }

  /** Makes room in the parking, and moves those there that found none. */
  tidy(): void {
    if (this.parking.tidy(this.cell.pending)) this.cell.isDirty = true
  }

  /** Takes over what a predecessor parked. */
  recover(taskOf: (message: Message) => MapTask): void {
    for (const message of this.parking.recover()) {
      const task = taskOf(message)
      const behind = this.lanes.has(task.lane)
      this.parking.admit(task)
      this.lanes.join(task.lane, task)
      if (behind) continue
      task.dueMs = message.inbound.ring.doubles[(message.at >>> 1) + DUE_DOUBLE]
      this.heap.push(task)
    }
  }
}
