// Messages as a sink gets them: real records in a mailbox of their own, which the harness may look at and overwrite.

import { encode, type Headers, kindWord, MESSAGE, type Value } from '../kernel/codec.js'
import { Doorbell } from '../kernel/doorbell.js'
import { assert } from '../kernel/failure.js'
import { Inbound } from '../kernel/inbound.js'
import { LENGTH } from '../kernel/layout.js'
import { capacityFor, createMailboxMemory } from '../kernel/mailbox.js'
import { Message } from '../kernel/message.js'
import { Outbound } from '../kernel/outbound.js'

/** One message to make. Without an id it is named by its partition and offset. */
export type MessageSpec = {
  id?: string
  value: Value
  keys?: readonly string[]
  headers?: Headers
  tags?: readonly string[]
  partition?: number
  offset?: number
  eventTime?: number
  reason?: string
}

/** What the harness writes over values whose message was answered. */
export const OVERWRITTEN = 0xdd

/** Room for the keys and headers of one message of the suites. */
const META_BYTES = 8 * 1024

/** A batch of messages, and the memory that they lie in. */
export class TestBatch {
  readonly specs: readonly MessageSpec[]
  readonly messages: readonly Message[]
  readonly ids: readonly string[]
  /** What the values are, before anybody could write to them. */
  readonly values: readonly Buffer[]
  private readonly inbound: Inbound
  private readonly records: readonly Buffer[]

  constructor(specs: readonly MessageSpec[]) {
    this.specs = specs
    this.inbound = fill(specs)
    const messages: Message[] = []
    while (this.inbound.peek()) messages.push(new Message(this.inbound, this.inbound.take()))
    this.messages = messages
    this.ids = messages.map((message) => message.id)
    this.values = messages.map((message) => message.bytes())
    this.records = messages.map((message) => Buffer.from(this.recordOf(message)))
  }

  /** Gives new Message objects for the same records, as another write would get them. */
  again(): Message[] {
    return this.messages.map((message) => new Message(this.inbound, message.place))
  }

  /** Gives the ids of the messages whose memory is not what it was. */
  changed(): string[] {
    return this.ids.filter((_, i) => !this.recordOf(this.messages[i]).equals(this.records[i]))
  }

  /** Writes over all values, as the next messages of a mailbox do once these are settled. */
  overwrite(): void {
    for (const message of this.messages) message.value.fill(OVERWRITTEN)
  }

  private recordOf(message: Message): Buffer {
    const { bytes, words } = this.inbound.ring
    const start = message.at * 4
    return bytes.subarray(start, start + words[message.at + LENGTH])
  }
}

function fill(specs: readonly MessageSpec[]): Inbound {
  let bytes = 0
  for (const { value } of specs) bytes += META_BYTES + (value === null ? 0 : Buffer.byteLength(value))
  const memory = createMailboxMemory(capacityFor(bytes))
  const mailbox = { memory, producerBell: new Doorbell(), consumerBell: new Doorbell() }
  const outbound = new Outbound(mailbox)
  for (const [i, { value, ...meta }] of specs.entries()) {
    const head = { epoch: 1, sequence: i + 1, lane: 0, shareLo: i + 1, shareHi: 1 }
    const at = encode(outbound, kindWord(MESSAGE), head, meta, value, bytes)
    assert(at >= 0, `message ${i} of a test batch fits its mailbox`)
  }
  outbound.publish(0)
  return new Inbound(mailbox)
}
