// What an actor is about to give to user code, noted outside of the process: a record that kills the whole process, memory and
// all, is found again by its position in the source (H1 for processes). Only where a directory for it is given.
//
// A note is a list of ranges of positions: what was in user code lies in them, and others may, too. After the death of the process
// all that lies in them is suspect, and is called alone; then the note names it alone, and its death is counted.

import { fixedSection, flagsAt, HAS_OFFSET, HAS_PARTITION, offsetOf } from '../kernel/codec.js'
import type { Inbound } from '../kernel/inbound.js'
import type { Ring } from '../kernel/mailbox.js'
import type { Message } from '../kernel/message.js'
import { accuse } from '../kernel/suspicion.js'

/** Partition, lowest and highest offset. */
export type Range = [partition: number, lowest: number, highest: number]

/** Whom to suspect: what lay in user code when the process died, and how often each died alone in it, by `partition:offset`. */
export type Suspects = { ranges: readonly Range[]; deliveries: Readonly<Record<string, number>> }

/** Where notes are kept. */
export interface Journal {
  readonly suspects: Suspects
  /** Replaces the note before; it outlives the process when this returns. */
  write(ranges: readonly Range[], isAlone: boolean): void
}

/** Records that are noted at once. */
const AHEAD_MAX = 256
/** Partitions that a note tells apart. */
const RANGES_MAX = 16

/** Positions of one note, and how many of its pending calls there are. */
export type Chunk = { ranges: Range[]; open: number }

export class BegunNotes {
  private readonly journal: Journal
  private readonly hasSuspects: boolean
  /** Up to where the records of an inbound are noted. */
  private readonly noted = new Map<Inbound, number>()
  /** Those with pending calls. */
  private readonly open = new Set<Chunk>()
  private latest: Chunk = { ranges: [], open: 0 }

  constructor(journal: Journal) {
    this.journal = journal
    this.hasSuspects = journal.suspects.ranges.length > 0
  }

  /** Notes the next records of an inbound, unless they are. */
  ahead(inbound: Inbound): void {
    const noted = this.noted.get(inbound)
    if (noted !== undefined && ((inbound.position - noted) | 0) < 0) return
    const ranges: Range[] = []
    const end = inbound.lookAhead(AHEAD_MAX, (at) => this.look(inbound.ring, at, ranges))
    this.noted.set(inbound, end)
    this.begin(ranges, false)
  }

  /** Notes some that are given again, or a suspect, which is given alone. */
  these(messages: readonly Message[], isAlone: boolean): void {
    const ranges: Range[] = []
    for (const { inbound, at } of messages) this.look(inbound.ring, at, ranges)
    this.begin(ranges, isAlone)
  }

  /** A call of the latest note is pending; `release` what this gives when it is over. */
  hold(): Chunk {
    this.latest.open++
    this.open.add(this.latest)
    return this.latest
  }

  release(chunk: Chunk): void {
    chunk.open--
    if (chunk.open === 0) this.open.delete(chunk)
  }

  /** Nobody is in user code any more. */
  clear(): void {
    this.noted.clear()
    this.begin([], false)
  }

  private begin(ranges: Range[], isAlone: boolean): void {
    this.latest = { ranges, open: 0 }
    const all = [...ranges]
    for (const chunk of this.open) for (const range of chunk.ranges) widen(all, ...range)
    this.journal.write(all, isAlone && this.open.size === 0)
  }

  private look(ring: Ring, at: number, ranges: Range[]): void {
    const flags = flagsAt(ring, at)
    if ((flags & HAS_OFFSET) === 0) return
    const word = fixedSection(flags, at, HAS_OFFSET) >>> 2
    const offset = Number(offsetOf(ring.words[word], ring.words[word + 1]))
    const partition =
      (flags & HAS_PARTITION) === 0 ? 0 : ring.words[fixedSection(flags, at, HAS_PARTITION) >>> 2]
    widen(ranges, partition, offset, offset)
    if (this.hasSuspects) this.accuse(ring, at, partition, offset)
  }

  private accuse(ring: Ring, at: number, partition: number, offset: number): void {
    const { ranges, deliveries } = this.journal.suspects
    if (!ranges.some(([of, lowest, highest]) => of === partition && lowest <= offset && offset <= highest))
      return
    accuse(ring.words, at, deliveries[`${partition}:${offset}`] ?? 0)
  }
}

function widen(ranges: Range[], partition: number, lowest: number, highest: number): void {
  const range = ranges.find(([of]) => of === partition)
  if (range === undefined && ranges.length < RANGES_MAX) {
    ranges.push([partition, lowest, highest])
    return
  }
  // More partitions than a note tells apart: those beyond are not noted.
  if (range === undefined) return
  range[1] = Math.min(range[1], lowest)
  range[2] = Math.max(range[2], highest)
}
