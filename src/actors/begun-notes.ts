// What an actor is about to give to user code, noted outside of the process: a record that kills the whole process, memory and
// all, is found again by its position in the source (H1 for processes). Only where a directory for it is given.
//
// A note is a list of ranges of positions: what was in user code lies in them, and others may, too. After the death of the process
// all that lies in them is suspect, and is called alone; then the note names it alone, and its death is counted.

import { fixedSection, flagsAt, HAS_OFFSET, HAS_PARTITION, offsetOf } from '../kernel/codec.js'
import type { Inbound } from '../kernel/inbound.js'
import type { Isolation } from '../kernel/isolation.js'
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
  /** Of all threads: one suspect at a time is in user code, or more than one would be held to account. */
  readonly isolation: Isolation
}

/** Records that are noted at once. */
const AHEAD_MAX = 256
/** How soon a suspect asks again for its turn. */
export const TURN_MS = 20
/** Partitions that a note tells apart. */
const RANGES_MAX = 16

/** Positions of one note, and how many of its pending calls there are. */
export type Chunk = { ranges: Range[]; open: number }

export class BegunNotes {
  private readonly journal: Journal
  private readonly hasSuspects: boolean
  /** Of each inbound, up to where its records are noted, and where they lie in the source. */
  private readonly noted = new Map<Inbound, { end: number; ranges: Range[] }>()
  /** Up to where the records of an inbound were compared with the suspects. */
  private readonly compared = new Map<Inbound, number>()
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
    if (noted !== undefined && ((inbound.position - noted.end) | 0) < 0) return
    const own: Range[] = []
    const end = inbound.lookAhead(AHEAD_MAX, (at) => this.look(inbound.ring, at, own))
    this.noted.set(inbound, { end, ranges: own })
    // What is noted of other inbounds may still be to come.
    const ranges: Range[] = []
    for (const each of this.noted.values()) for (const range of each.ranges) widen(ranges, ...range)
    this.begin(ranges, false)
  }

  /** Accuses the suspects among the next records of an inbound; what is given of them is noted when it is (`these`). */
  compare(inbound: Inbound): void {
    if (!this.hasSuspects) return
    const compared = this.compared.get(inbound)
    if (compared !== undefined && ((inbound.position - compared) | 0) < 0) return
    this.compared.set(
      inbound,
      inbound.lookAhead(AHEAD_MAX, (at) => this.look(inbound.ring, at, [])),
    )
  }

  /** Notes some that are given now: a batch, one that is given again, or a suspect, which is given alone. */
  these(messages: readonly Message[], isAlone: boolean): void {
    const ranges: Range[] = []
    for (const { inbound, at } of messages) this.look(inbound.ring, at, ranges)
    // This note takes the place of those ahead: what they named is noted again before it is begun.
    this.noted.clear()
    this.begin(ranges, isAlone)
  }

  /** Takes a suspect's turn among all threads; false while another has it. */
  takeTurn(): boolean {
    return this.journal.isolation.take()
  }

  /** The suspect is not given yet. */
  giveTurnBack(): void {
    this.journal.isolation.release()
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

  /** The suspect has left user code. */
  clear(): void {
    this.noted.clear()
    this.begin([], false)
    this.journal.isolation.release()
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
