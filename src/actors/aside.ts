// Records that found the mailbox of their branch full: they wait aside, in the reader's heap, so that those of other branches pass.
// They are read and in flight already: only their place in a mailbox is missing. Of one mailbox they keep their order (R6).

import { encode, FULL, type MessageMeta, type RecordHead, type Value } from '../kernel/codec.js'
import type { Outbound } from '../kernel/outbound.js'

/** Values that may wait for one mailbox; a larger one waits alone. */
const ASIDE_BYTES_MAX = 64 * 1024 * 1024

type Kept = { kind: number; head: RecordHead; meta: MessageMeta; value: Value; bytes: number }
type Line = { readonly out: Outbound; readonly records: Kept[]; bytes: number }

export class Aside {
  private readonly lines: readonly Line[]
  private readonly bytesMax: number
  /** How many wait, for all mailboxes. */
  private count = 0

  constructor(outbounds: readonly Outbound[], bytesMax = ASIDE_BYTES_MAX) {
    this.lines = outbounds.map((out) => ({ out, records: [], bytes: 0 }))
    this.bytesMax = bytesMax
  }

  get size(): number {
    return this.count
  }

  /** Tells whether any wait for this mailbox: then others must not pass them. */
  has(out: Outbound): boolean {
    return this.count > 0 && this.lineOf(out).records.length > 0
  }

  /** Keeps a copy of a record, as its source may use it again; says whether there was room. */
  put(out: Outbound, kind: number, head: RecordHead, meta: MessageMeta, value: Value): boolean {
    const line = this.lineOf(out)
    const bytes = bytesOf(meta, value)
    if (line.records.length > 0 && line.bytes + bytes > this.bytesMax) return false
    line.records.push({ kind, head: { ...head }, meta: keptMeta(meta), value: keptValue(value), bytes })
    line.bytes += bytes
    this.count++
    return true
  }

  /** Writes those that have room now, the oldest of each mailbox first, and gives how many. Throws what `encode` throws; `tooLarge` is told of a record that no mailbox takes. */
  write(valueBytesMax: number, tooLarge: (meta: MessageMeta, value: Value) => void): number {
    const before = this.count
    if (before === 0) return 0
    for (const line of this.lines) {
      while (line.records.length > 0) {
        const { kind, head, meta, value, bytes } = line.records[0]
        const written = encode(line.out, kind, head, meta, value, valueBytesMax)
        if (written < 0) {
          if (written === FULL) line.out.want()
          else tooLarge(meta, value)
          break
        }
        line.records.shift()
        line.bytes -= bytes
        this.count--
      }
    }
    return before - this.count
  }

  private lineOf(out: Outbound): Line {
    return this.lines.find((line) => line.out === out) as Line
  }
}

function bytesOf({ headers }: MessageMeta, value: Value): number {
  let bytes = value?.length ?? 0
  for (const name in headers) bytes += name.length + headers[name].length
  return bytes
}

function keptMeta(meta: MessageMeta): MessageMeta {
  const { keys, tags, headers } = meta
  // The meta is the record, as its source gave it.
  const fields = { ...meta, value: undefined }
  return {
    ...fields,
    ...(keys && { keys: [...keys] }),
    ...(tags && { tags: [...tags] }),
    ...(headers && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, keptValue(value) as string | Uint8Array]),
      ),
    }),
  }
}

function keptValue(value: Value): Value {
  return typeof value === 'string' || value === null ? value : Uint8Array.from(value)
}
