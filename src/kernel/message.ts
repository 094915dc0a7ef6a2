// What handlers and sinks see of a record: nothing is decoded before it is asked for.
// The value is a view into shared memory: valid until the handler's promise ends, or the sink has answered.

import {
  fixedSection,
  flagsAt,
  HAS_DEADLINE,
  HAS_DELIVERY,
  HAS_EVENT_TIME,
  HAS_ID,
  HAS_KEYS,
  HAS_OFFSET,
  HAS_PARTITION,
  HAS_REASON,
  HAS_TAGS,
  HAS_TRACE,
  type Headers,
  headersAt,
  IS_TOMBSTONE,
  listAt,
  offsetOf,
  textAt,
} from './codec.js'
import type { Inbound } from './inbound.js'
import { ATTEMPT, EPOCH, META_BYTES, RECORD_HEADER_BYTES, SEQUENCE_DOUBLE, VALUE_BYTES } from './layout.js'

const NO_STRINGS: readonly string[] = Object.freeze([])
const NO_HEADERS: Headers = Object.freeze(Object.create(null))

/** A Buffer over shared memory, at a third of the cost of Buffer.from(memory, …). */
class View extends Uint8Array {}
Object.setPrototypeOf(View.prototype, Buffer.prototype)

/** A message, as map handlers and sinks get it. It lives in shared memory: read it, don't write to it, don't keep it. */
export class Message {
  /** @internal The mailbox that it lies in. */
  readonly inbound: Inbound
  /** @internal Its position there. */
  readonly place: number
  /** @internal Its first word. */
  readonly at: number
  private view: Buffer | undefined
  private name: string | undefined

  /** @internal */
  constructor(inbound: Inbound, place: number) {
    this.inbound = inbound
    this.place = place
    this.at = inbound.ring.wordAt(place)
    this.view = undefined
    this.name = undefined
  }

  /** The source's id; or its partition and offset; or epoch and sequence where the source gives neither. Outputs of an
   *  expansion append their number: `17.0`, `17.1`. Unique within a batch; the same when the source gives it again. */
  get id(): string {
    this.name ??= this.idText()
    return this.name
  }

  /** The bytes, in place: valid until the handler's promise ends or the sink has answered. `bytes()` is a copy to keep. */
  get value(): Buffer {
    this.view ??= this.viewValue()
    return this.view
  }

  /** A private copy of the value, valid for ever. */
  bytes(): Buffer {
    const copy = Buffer.allocUnsafe(this.inbound.ring.words[this.at + VALUE_BYTES])
    copy.set(this.value)
    return copy
  }

  /** The value as UTF-8 text. */
  text(): string {
    const { ring } = this.inbound
    const start = this.valueByte
    return ring.bytes.toString('utf8', start, start + ring.words[this.at + VALUE_BYTES])
  }

  /** The value parsed as JSON. Throws SyntaxError where it is none. */
  json<T = unknown>(): T {
    return JSON.parse(this.text()) as T
  }

  /** True for a message without a value (not the same as an empty one), such as Kafka's tombstones. */
  get tombstone(): boolean {
    return (flagsAt(this.inbound.ring, this.at) & IS_TOMBSTONE) !== 0
  }

  get keys(): readonly string[] {
    return listAt(this.inbound.ring, this.at, HAS_KEYS) ?? NO_STRINGS
  }

  get tags(): readonly string[] {
    return listAt(this.inbound.ring, this.at, HAS_TAGS) ?? NO_STRINGS
  }

  get headers(): Headers {
    return headersAt(this.inbound.ring, this.at) ?? NO_HEADERS
  }

  /** When it happened, in ms since 1970, if the source knows. */
  get eventTime(): number | undefined {
    return this.double(HAS_EVENT_TIME)
  }

  /** When its answer is worthless, in ms since 1970. */
  get deadline(): number | undefined {
    return this.double(HAS_DEADLINE)
  }

  /** Which try this is at this stage: 1 is the first. */
  get attempt(): number {
    return this.inbound.ring.words[this.at + ATTEMPT] + 1
  }

  /** How often the source has given it before: 0 is the first time. */
  get delivery(): number {
    return this.fixedWord(HAS_DELIVERY, 0) ?? 0
  }

  /** Its position in the source, if it has one. */
  get offset(): bigint | undefined {
    const lo = this.fixedWord(HAS_OFFSET, 0)
    return lo === undefined ? undefined : offsetOf(lo, this.fixedWord(HAS_OFFSET, 1) as number)
  }

  get partition(): number | undefined {
    return this.fixedWord(HAS_PARTITION, 0)
  }

  /** W3C trace context, if the source gave one. */
  get trace(): string | undefined {
    return textAt(this.inbound.ring, this.at, HAS_TRACE)
  }

  /**
   * Aborts when nobody needs the handler's result for it any more: nobody waits for its answer, `handlerTimeoutMs` is over, or the
   * topology stops without a drain; its reason says which. In a sink it never does.
   */
  get signal(): AbortSignal {
    return this.inbound.signalOf?.(this) ?? new AbortController().signal
  }

  /** Why it came to this fallback sink. */
  get reason(): string | undefined {
    return textAt(this.inbound.ring, this.at, HAS_REASON)
  }

  private get valueByte(): number {
    return this.at * 4 + RECORD_HEADER_BYTES + this.inbound.ring.words[this.at + META_BYTES]
  }

  private viewValue(): Buffer {
    const { ring } = this.inbound
    return new View(
      ring.memory as unknown as ArrayBuffer,
      this.valueByte,
      ring.words[this.at + VALUE_BYTES],
    ) as unknown as Buffer
  }

  private idText(): string {
    const { ring } = this.inbound
    const given = textAt(ring, this.at, HAS_ID)
    if (given !== undefined) return given
    const lo = this.fixedWord(HAS_OFFSET, 0)
    if (lo === undefined) {
      return `${ring.words[this.at + EPOCH]}-${ring.doubles[(this.at >>> 1) + SEQUENCE_DOUBLE]}`
    }
    const hi = this.fixedWord(HAS_OFFSET, 1) as number
    const offset = hi >>> 21 === 0 ? String(hi * 0x1_0000_0000 + (lo >>> 0)) : String(offsetOf(lo, hi))
    const partition = this.partition
    return partition === undefined ? offset : `${partition}-${offset}`
  }

  private fixedWord(flag: number, index: number): number | undefined {
    const flags = flagsAt(this.inbound.ring, this.at)
    if ((flags & flag) === 0) return undefined
    return this.inbound.ring.words[(fixedSection(flags, this.at, flag) >>> 2) + index]
  }

  private double(flag: number): number | undefined {
    const flags = flagsAt(this.inbound.ring, this.at)
    return (flags & flag) === 0
      ? undefined
      : this.inbound.ring.doubles[fixedSection(flags, this.at, flag) >>> 3]
  }
}
