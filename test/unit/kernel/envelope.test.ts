// What is written of a message can be read again; what was cut short is never taken for a message.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Headers } from '../../../src/kernel/codec.js'
import { ENVELOPE_START, envelopeOf, readEnvelope } from '../../../src/kernel/envelope.js'
import { type MessageSpec, makeMessage } from '../../support/messages.js'

const whole = {
  id: '17.0',
  keys: ['a', 'b'],
  tags: ['large'],
  headers: { 'millrace-reason': 'no "price"\n', bytes: Buffer.from([0, 255]) },
  eventTime: 1_767_225_600_000,
  trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  value: 'line one\nline two',
}

const lineOf = (spec: MessageSpec) => envelopeOf(makeMessage(spec))

test('a message is one line, and is read as it was', () => {
  const line = lineOf(whole)
  expect(line.startsWith(ENVELOPE_START)).toBe(true)
  expect(line).not.toContain('\n')
  expect(readEnvelope(line)).toEqual({ ...whole, headers: Object.assign(Object.create(null), whole.headers) })
})

test('what a message does not have is left out', () => {
  expect(lineOf({ id: 'x', value: 'y' })).toBe('{"millrace":1,"id":"x","value":"y"}')
})

test('a tombstone is no empty value', () => {
  expect(readEnvelope(lineOf({ id: 'x', value: null }))?.value).toBe(null)
  expect(readEnvelope(lineOf({ id: 'x', value: '' }))?.value).toBe('')
})

test('bytes that are no text are base64', () => {
  const line = lineOf({ id: 'x', value: Buffer.from([0xc3, 0x28]) })
  expect(line).toContain('"value":{"base64":"wyg="}')
  expect(readEnvelope(line)?.value).toEqual(Buffer.from([0xc3, 0x28]))
})

test('a header named __proto__ is a header', () => {
  const headers = JSON.parse('{"__proto__":"a"}') as Headers
  const read = readEnvelope(lineOf({ id: 'x', headers, value: '' }))
  expect(Object.entries(read?.headers ?? {})).toEqual([['__proto__', 'a']])
})

test('any bytes come back', () => {
  fc.assert(
    fc.property(
      fc.uint8Array(),
      fc.array(fc.string()),
      fc.string({ unit: 'binary' }),
      (value, keys, header) => {
        const read = readEnvelope(lineOf({ id: 'x', keys, headers: { header }, value }))
        const bytes = Buffer.from(read?.value as string | Uint8Array)
        expect(bytes.equals(Buffer.from(value))).toBe(true)
        // What cannot be UTF-8 was replaced when the message was written, and not here.
        const message = makeMessage({ id: 'x', keys, headers: { header }, value })
        expect(read?.keys).toEqual([...message.keys])
        expect(read?.headers.header).toBe(message.headers.header)
      },
    ),
  )
})

test('no beginning of a line is an envelope', () => {
  const line = lineOf(whole)
  for (let length = 0; length < line.length; length++)
    expect(readEnvelope(line.slice(0, length)), line.slice(0, length)).toBeUndefined()
})

test.each([
  ['no JSON', `${ENVELOPE_START}1,`],
  ['another version', '{"millrace":2,"id":"a","value":""}'],
  ['a field of another version', '{"millrace":1,"id":"a","value":"","priority":1}'],
  ['no id', '{"millrace":1,"value":""}'],
  ['no value', '{"millrace":1,"id":"a"}'],
  ['a value that is none', '{"millrace":1,"id":"a","value":7}'],
  ['keys that are none', '{"millrace":1,"id":"a","keys":[1],"value":""}'],
  ['headers that are none', '{"millrace":1,"id":"a","headers":{"a":1},"value":""}'],
  ['a time that is none', '{"millrace":1,"id":"a","eventTime":"now","value":""}'],
  ['two lines in one', '{"millrace":1,"id":"a","value":""}{"millrace":1,"id":"b","value":""}'],
  ['not at its beginning', ' {"millrace":1,"id":"a","value":""}'],
])('%s', (_what, line) => {
  expect(readEnvelope(line)).toBeUndefined()
})
