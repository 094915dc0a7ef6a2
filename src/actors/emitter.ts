// Writes what a map stage makes of a message into its outbounds, shares and all (S1).
// Nothing here commits: a whole root's outputs are placed, or none of them are (C4, W1).

import { copy, encode, FULL, laneAt, metaAt, PLAIN_MESSAGE, TOO_LARGE } from '../kernel/codec.js'
import { laneOf } from '../kernel/lane.js'
import { KIND, SEQUENCE_DOUBLE, SHARE_HI, SHARE_LO } from '../kernel/layout.js'
import { Message } from '../kernel/message.js'
import type { Outbound } from '../kernel/outbound.js'
import type { Shares } from '../kernel/shares.js'
import type { Branches } from './branches.js'
import type { MapOutput, Output } from './map-handler.js'
import { mixed, outboundFor } from './partition.js'
import { type Failure, headOf, type Share, writeFallback, writeMarker } from './records.js'

const NO_TAGS: readonly string[] = []

export type EmitterOptions = {
  outbounds: readonly Outbound[]
  shares: Shares
  valueBytesMax: number
  /** True where the keys of outputs decide their lane from here on. */
  rekey: boolean
  /** Where the outbounds lead to branches. */
  branches?: Branches | undefined
}

/** An outbound that had no room. */
export type Shortage = { out: Outbound; freeBytes: number }

export class Emitter {
  private readonly outbounds: readonly Outbound[]
  private readonly shares: Shares
  private readonly valueBytesMax: number
  private readonly rekey: boolean
  private readonly branches: Branches | undefined
  private readonly saved: number[]
  private readonly rest: Share = { lo: 0, hi: 0 }
  /** The outbound that had no room. */
  private full: Outbound | undefined

  constructor(options: EmitterOptions) {
    this.outbounds = options.outbounds
    this.shares = options.shares
    this.valueBytesMax = options.valueBytesMax
    this.rekey = options.rekey
    this.branches = options.branches
    this.saved = options.outbounds.map(() => 0)
  }

  /** Writes the only output of a message, given as a bare value: gives FULL, TOO_LARGE, or a word index. */
  single(message: Message, value: string | Uint8Array): number {
    const { ring } = message.inbound
    const { at } = message
    const out = this.outFor(message)
    const written = copy(
      out,
      PLAIN_MESSAGE,
      ring,
      at,
      ring.words[at + SHARE_LO],
      ring.words[at + SHARE_HI],
      value,
      this.valueBytesMax,
    )
    if (written === FULL) this.blocked(out)
    return written
  }

  /** Passes a record on as it is, with the given share. */
  forward(message: Message, share: Share): number {
    const { ring } = message.inbound
    const out = this.outFor(message)
    const kind = ring.words[message.at + KIND]
    return this.checked(
      out,
      copy(out, kind, ring, message.at, share.lo, share.hi, undefined, this.valueBytesMax),
    )
  }

  /** Writes a marker in place of all outputs. */
  marker(
    message: Message,
    share: Share,
    outcome: 'ok' | 'filtered' | 'dropped' | 'nack',
    reason?: string,
  ): number {
    const out = this.outFor(message)
    return this.checked(out, writeMarker(out, message, share, outcome, reason))
  }

  /** Sends the message to the fallback. */
  fallback(message: Message, share: Share, failure: Failure): number {
    const out = this.outFor(message)
    return this.checked(out, writeFallback(out, message, share, failure, this.valueBytesMax))
  }

  /** Writes all outputs of a message, or none: n − 1 get fresh shares, the last one the rest (S1). Throws TypeError for what is no output. */
  all(message: Message, outputs: readonly MapOutput[], share: Share): number {
    if (outputs.length === 0) return this.marker(message, share, 'filtered')
    this.save()
    const { rest } = this
    rest.lo = share.lo
    rest.hi = share.hi
    const out = this.outFor(message)
    let written = 0
    try {
      for (let i = 0; i < outputs.length && written >= 0; i++) {
        const last = i === outputs.length - 1
        written = this.child(message, outputs[i], out, outputs.length === 1 ? -1 : i, rest, last)
      }
    } catch (error) {
      this.rollback()
      throw error
    }
    if (written < 0) this.rollback()
    return written
  }

  /** Writes one output of an expansion in parts, with a fresh share, which is taken out of `rest` (C5). */
  part(message: Message, output: MapOutput, index: number, rest: Share, out: Outbound): number {
    return this.child(message, output, out, index, rest, false)
  }

  /** Tells whether the outbound that had no room is empty: then what did not fit never will. */
  get hopeless(): boolean {
    return this.full?.empty ?? false
  }

  /** What had no room just now: which outbound, and how much was free in it. */
  get shortage(): Shortage {
    const out = this.full as Outbound
    return { out, freeBytes: out.freeBytes }
  }

  /**
   * Tells whether so much has come free since that it is worth trying again: many outputs that are written and taken back at
   * each step would cost more than the work itself.
   */
  hasEased({ out, freeBytes }: Shortage): boolean {
    out.want()
    return out.empty || out.freeBytes >= 2 * freeBytes
  }

  private child(
    message: Message,
    output: MapOutput,
    out: Outbound,
    index: number,
    rest: Share,
    last: boolean,
  ): number {
    if (!last) this.shares.next()
    const share = last ? rest : { lo: this.shares.lo, hi: this.shares.hi }
    const written = this.write(message, output, out, index, share)
    if (!last && written >= 0) {
      rest.lo ^= share.lo
      rest.hi ^= share.hi
    }
    return written
  }

  /** `index`: the output's number among its siblings, or -1 for an only one, which keeps its parent's id. */
  private write(message: Message, output: MapOutput, out: Outbound, index: number, share: Share): number {
    const { ring } = message.inbound
    const bare = typeof output === 'string' || output instanceof Uint8Array
    if (index < 0 && (bare || output === message)) {
      const value = bare ? (output as string | Uint8Array) : undefined
      return this.checked(
        out,
        copy(out, PLAIN_MESSAGE, ring, message.at, share.lo, share.hi, value, this.valueBytesMax),
      )
    }
    const given = bare ? undefined : output instanceof Message ? outputOf(output) : (output as Output)
    const meta = metaAt(ring, message.at)
    if (index >= 0) meta.id = `${message.id}.${index}`
    if (given?.keys !== undefined) meta.keys = given.keys
    if (given?.tags !== undefined) meta.tags = given.tags
    if (given?.headers !== undefined) meta.headers = given.headers
    if (given?.eventTime !== undefined) meta.eventTime = given.eventTime
    if (given?.trace !== undefined) meta.trace = given.trace
    const head = headOf(message, share)
    let to = out
    const hasNewLane = this.rekey && given?.keys !== undefined
    if (hasNewLane) head.lane = laneOf(given.keys)
    if (this.branches !== undefined && (hasNewLane || given?.tags !== undefined))
      to = this.inBranch(this.branches, meta.tags, head.lane, head.sequence)
    else if (hasNewLane) to = outboundFor(this.outbounds, head.lane, head.sequence)
    const value = given === undefined ? (output as string | Uint8Array) : given.value
    return this.checked(to, encode(to, PLAIN_MESSAGE, head, meta, value, this.valueBytesMax))
  }

  /**
   * Gives the outbound for a message: by its lane, else by its root's sequence. So all outputs of a root take one path, after
   * a redo too: under order 'source' nobody else can undercut them.
   */
  outFor(message: Message): Outbound {
    const { outbounds, branches } = this
    if (outbounds.length === 1) return outbounds[0]
    const { ring } = message.inbound
    const lane = laneAt(ring, message.at)
    const sequence = ring.doubles[(message.at >>> 1) + SEQUENCE_DOUBLE]
    return branches === undefined
      ? outboundFor(outbounds, lane, sequence)
      : this.inBranch(branches, message.tags, lane, sequence)
  }

  /** By tags, then by lane, or by sequence. */
  private inBranch(
    branches: Branches,
    tags: readonly string[] | undefined,
    lane: number,
    sequence: number,
  ): Outbound {
    return outboundFor(branches.outbounds[branches.choose(tags ?? NO_TAGS)], lane, mixed(sequence))
  }

  private checked(out: Outbound, written: number): number {
    if (written === FULL) this.blocked(out)
    return written
  }

  private blocked(out: Outbound): void {
    this.full = out
    out.want()
  }

  private save(): void {
    for (let i = 0; i < this.saved.length; i++) this.saved[i] = this.outbounds[i].tail
  }

  private rollback(): void {
    for (let i = 0; i < this.saved.length; i++) this.outbounds[i].abort(this.saved[i])
  }
}

/** A message of another place, returned as an output: all that an output may give is taken from it. */
export function outputOf(message: Message): Output {
  return {
    value: message.tombstone ? null : message.value,
    keys: message.keys,
    tags: message.tags,
    headers: message.headers,
    ...(message.eventTime !== undefined && { eventTime: message.eventTime }),
  }
}

export { FULL, TOO_LARGE }
