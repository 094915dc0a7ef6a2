// Watches order (I4): first occurrences of messages with the same keys, or of all under order 'source', come as they were read.

import { readerOf } from '../../kernel/epoch.js'
import type { Message } from '../../kernel/message.js'
import type { Stage, Topology } from '../../topology/types.js'
import type { Giving } from './ledger-types.js'
import { rootOf } from './root-of.js'
import { comparePaths } from './texts.js'

type Place = { sequence: number; name: string }

export class OrderBook {
  private readonly topology: Topology
  private readonly readers: number
  private readonly broken: (rule: string, what: string) => void
  /**
   * Says by which branches a message came before a stage: those of different branches overtake each other. Undefined where
   * nobody knows.
   */
  pathOf: (name: string, level: number) => string | undefined
  private readonly last = new Map<string, Place>()

  constructor(topology: Topology, readers: number, broken: (rule: string, what: string) => void) {
    this.topology = topology
    this.readers = readers
    this.broken = broken
    this.pathOf = (_, level) => (this.hasBranchesBefore(level) ? undefined : '')
  }

  /**
   * What a message is ordered by before a stage, or after all of them; undefined for nothing. After a stage that sets new keys,
   * order is promised to those that had the same keys before, too; after several, to nobody whose keys in between are not known.
   */
  keyOf(giving: Giving, message: Message, level: number): string | undefined {
    const { order, stages } = this.topology
    if (order === 'source') return 'source'
    if (order === 'none' || giving.keys.length === 0) return undefined
    // Branches of a stage need not all set keys.
    const before = stages.filter((stage) => stage.level < level && stage.rekey)
    const rekeys = new Set(before.map((stage) => stage.level)).size
    if (rekeys > 1) return undefined
    // Nothing is promised to those of several readers.
    const keys = `${readerOf(giving.epoch, this.readers)}: ${giving.keys.join()}`
    return rekeys === 1 ? `${keys}→${message.keys.join()}` : keys
  }

  /** A handler is called for a message for the first time. */
  checkCall(stage: Stage, message: Message, name: string, key: string | undefined): void {
    if (this.topology.order === 'key') this.check(`stage ${stage.name}`, message, name, key, stage.level)
  }

  /** A sink has written a message for the first time. */
  checkWrite(sink: string, message: Message, name: string, key: string | undefined): void {
    this.check(`sink ${sink}`, message, name, key, Number.POSITIVE_INFINITY)
  }

  private hasBranchesBefore(level: number): boolean {
    return this.topology.stages.some((stage) => stage.branchOf !== undefined && stage.level < level)
  }

  private check(place: string, message: Message, name: string, key: string | undefined, level: number): void {
    const path = key === undefined ? undefined : this.pathOf(name, level)
    if (path === undefined) return
    const where = path === '' ? place : `${place} (by ${path})`
    const { sequence } = rootOf(message)
    const before = this.last.get(`${where}|${key}`)
    if (before !== undefined) {
      const isBehind =
        before.sequence === sequence ? comparePaths(before.name, name) < 0 : before.sequence < sequence
      if (!isBehind)
        this.broken(
          'I4',
          `${where} got ${name} (#${sequence}) after ${before.name} (#${before.sequence}), by ${key}`,
        )
    }
    this.last.set(`${where}|${key}`, { sequence, name })
  }
}
