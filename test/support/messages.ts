// Real messages for tests of handlers and sinks: encoded into a mailbox of their own, and read from it.

import { encode, FULL, kindWord, MESSAGE, type MessageMeta, type Value } from '../../src/kernel/codec.js'
import { Doorbell } from '../../src/kernel/doorbell.js'
import { assert } from '../../src/kernel/failure.js'
import { Inbound } from '../../src/kernel/inbound.js'
import { laneOf } from '../../src/kernel/lane.js'
import { CAPACITY_BYTES_MAX } from '../../src/kernel/layout.js'
import { createMailboxMemory } from '../../src/kernel/mailbox.js'
import { Message } from '../../src/kernel/message.js'
import { Outbound } from '../../src/kernel/outbound.js'

/** A message to make: what it does not give is absent. Without id and offset, its id is `1-<number>`, counted from 1. */
export type MessageSpec = { value: Value } & MessageMeta

/** Makes the messages, in their order, in one mailbox. */
export function makeMessages(specs: readonly MessageSpec[]): Message[] {
  for (let capacity = 64 * 1024; capacity <= CAPACITY_BYTES_MAX; capacity *= 2) {
    const messages = makeIn(capacity, specs)
    if (messages !== undefined) return messages
  }
  throw new Error('these messages do not fit into one mailbox')
}

/** Makes one message. */
export function makeMessage(spec: MessageSpec): Message {
  return makeMessages([spec])[0]
}

function makeIn(capacity: number, specs: readonly MessageSpec[]): Message[] | undefined {
  const bell = new Doorbell()
  const mailbox = { memory: createMailboxMemory(capacity), producerBell: bell, consumerBell: bell }
  const outbound = new Outbound(mailbox)
  for (const [i, { value, ...meta }] of specs.entries()) {
    const head = { epoch: 1, sequence: i + 1, lane: laneOf(meta.keys), shareLo: i + 1, shareHi: 0 }
    const at = encode(outbound, kindWord(MESSAGE), head, meta, value, CAPACITY_BYTES_MAX)
    if (at === FULL) return undefined
    assert(at > 0, 'keys, headers and the like of a message are at most 128 KiB')
  }
  outbound.publish(0)
  const inbound = new Inbound(mailbox)
  return specs.map(() => {
    assert(inbound.peek(), 'what was published can be read')
    return new Message(inbound, inbound.take())
  })
}
