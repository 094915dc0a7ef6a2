// Records that wait aside: in their order for each mailbox, as they were, and no more of them than fit.

import { expect, test } from 'vitest'
import { Aside } from '../../../src/actors/aside.js'
import { kindWord, MESSAGE, type RecordHead, type Value } from '../../../src/kernel/codec.js'
import { Doorbell } from '../../../src/kernel/doorbell.js'
import { Inbound } from '../../../src/kernel/inbound.js'
import { createMailboxMemory } from '../../../src/kernel/mailbox.js'
import { Message } from '../../../src/kernel/message.js'
import { Outbound } from '../../../src/kernel/outbound.js'

const KIND = kindWord(MESSAGE)
const VALUE_MAX = 200
const never = () => {
  throw new Error('too large')
}

/** A mailbox of 1 KiB, with both its ends. */
function mailbox() {
  const bell = new Doorbell()
  const ends = { memory: createMailboxMemory(1024), producerBell: bell, consumerBell: bell }
  const out = new Outbound(ends)
  const inbound = new Inbound(ends)
  const take = () => {
    out.publish(0)
    const messages: Message[] = []
    while (inbound.peek()) messages.push(new Message(inbound, inbound.take()))
    return messages
  }
  return { out, take }
}

const head = (sequence: number): RecordHead => ({ epoch: 1, sequence, lane: 0, shareLo: 0, shareHi: 0 })

test('each mailbox gets its own, in the order in which they came', () => {
  const [one, other] = [mailbox(), mailbox()]
  const aside = new Aside([one.out, other.out])
  for (const [i, { out }] of [one, other, one, one].entries())
    expect(aside.put(out, KIND, head(i), { offset: i }, `number ${i}`)).toBe(true)
  expect([aside.size, aside.has(one.out), aside.has(other.out)]).toEqual([4, true, true])
  expect(aside.write(VALUE_MAX, never)).toBe(4)
  expect([aside.size, aside.has(one.out), aside.has(other.out)]).toEqual([0, false, false])
  expect(one.take().map((message) => [message.id, message.text()])).toEqual([
    ['0', 'number 0'],
    ['2', 'number 2'],
    ['3', 'number 3'],
  ])
  expect(other.take().map((message) => message.text())).toEqual(['number 1'])
})

test('what has no room goes on waiting, and keeps the smaller ones behind it', () => {
  const { out, take } = mailbox()
  const aside = new Aside([out])
  for (let i = 0; i < 8; i++) aside.put(out, KIND, head(i), { offset: i }, i === 7 ? '' : '.'.repeat(200))
  const written = aside.write(VALUE_MAX, never)
  expect(written).toBeGreaterThan(0)
  expect(aside.size).toBe(8 - written)
  expect(aside.write(VALUE_MAX, never)).toBe(0)
  expect(take().map(({ id }) => Number(id))).toEqual(Array.from({ length: written }, (_, i) => i))
})

test('it is a copy: the source may use the record again', () => {
  const { out, take } = mailbox()
  const aside = new Aside([out])
  const value = Uint8Array.from([1, 2, 3])
  const bytes = Uint8Array.from([4])
  const record = { offset: 1, keys: ['k'], tags: ['t'], headers: { text: 'a', bytes }, value: value as Value }
  aside.put(out, KIND, head(1), record, value)
  value.fill(9)
  bytes.fill(9)
  record.keys[0] = record.tags[0] = record.headers.text = 'other'
  record.offset = 7
  aside.write(VALUE_MAX, never)
  const [message] = take()
  expect([...message.value]).toEqual([1, 2, 3])
  expect([message.id, message.keys, message.tags]).toEqual(['1', ['k'], ['t']])
  expect(message.headers).toMatchObject({ text: 'a' })
  expect([...(message.headers.bytes as Uint8Array)]).toEqual([4])
})

test('no more than fit wait, but one always does; another mailbox has room of its own', () => {
  const [one, other] = [mailbox(), mailbox()]
  const aside = new Aside([one.out, other.out], 100)
  const put = (out: Outbound, bytes: number) => aside.put(out, KIND, head(0), {}, '.'.repeat(bytes))
  expect(put(one.out, 150)).toBe(true)
  expect(put(one.out, 1)).toBe(false)
  expect(put(other.out, 60)).toBe(true)
  expect(put(other.out, 41)).toBe(false)
  expect(aside.put(other.out, KIND, head(0), { headers: { name: '.'.repeat(37) } }, '')).toBe(false)
  expect(put(other.out, 40)).toBe(true)
  aside.write(VALUE_MAX, never)
  expect(put(one.out, 100)).toBe(true)
})

test('one that no mailbox takes is told of, and holds up its own mailbox only', () => {
  const [one, other] = [mailbox(), mailbox()]
  const aside = new Aside([one.out, other.out])
  aside.put(one.out, KIND, head(0), { offset: 0 }, '.'.repeat(VALUE_MAX + 1))
  aside.put(other.out, KIND, head(1), { offset: 1 }, 'small')
  const told: unknown[] = []
  expect(aside.write(VALUE_MAX, ({ offset }, value) => told.push([offset, value?.length]))).toBe(1)
  expect(told).toEqual([[0, VALUE_MAX + 1]])
})
