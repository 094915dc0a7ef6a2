import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Headers } from '../../../../src/kernel/codec.js'
import { LastHeaders } from '../../../../src/sinks/kafka/last-headers.js'
import { makeMessages } from '../../../support/messages.js'

const plain = (headers: Headers) => ({ ...headers })

/** Few names and values, so that many are equal, or differ in one byte anywhere. */
const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 5 })
const value = fc.oneof(
  text,
  text.map((each) => Buffer.from(each)),
)
const headers = fc.option(fc.dictionary(text, value, { maxKeys: 2 }), { nil: undefined })

test('each message has its own headers, whatever the one before had', () => {
  fc.assert(
    fc.property(fc.array(headers, { minLength: 1, maxLength: 30 }), (given) => {
      const last = new LastHeaders(plain)
      const messages = makeMessages(given.map((each) => ({ value: 'v', headers: each })))
      expect(messages.map((message) => last.of(message))).toEqual(
        messages.map((message) => plain(message.headers)),
      )
    }),
  )
})

test('one byte that differs is seen, wherever it lies', () => {
  const text = 'abcdefgh'
  for (let length = 1; length <= text.length; length++) {
    const changed = `${text.slice(0, length - 1)}X`
    const last = new LastHeaders(plain)
    const both = [text.slice(0, length), changed].map((value) => ({ value: 'v', headers: { value } }))
    expect(makeMessages(both).map((message) => last.of(message).value)).toEqual([
      text.slice(0, length),
      changed,
    ])
  }
})

test('equal ones are decoded once', () => {
  let count = 0
  const last = new LastHeaders((given) => {
    count++
    return given
  })
  const [none, one, same, other] = makeMessages([
    { value: '1' },
    { value: '2', headers: { name: 'a', more: 'b' } },
    { value: '3', headers: { name: 'a', more: 'b' }, keys: ['k'], id: 'i' },
    { value: '4', headers: { name: 'a', more: 'c' } },
  ])
  const made = [one, same, none, same].map((message) => last.of(message))
  // The first one is that of no headers at all.
  expect(count).toBe(2)
  expect(made[1]).toBe(made[0])
  expect(made[3]).toBe(made[0])
  last.of(other)
  expect(count).toBe(3)
})
