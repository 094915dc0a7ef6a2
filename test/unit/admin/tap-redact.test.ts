// Redaction of what a tap shows: against JSON.parse of the whole, and for each place where a text may be cut.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSecretHeader, REDACTED, redactJson } from '../../../src/admin/tap-redact.js'

const RUNS = Number(process.env.RUNS ?? 300)
const SECRET = 'hunter2'
const NAMES = new Set(['password', 'pin'])

const redacted = (value: unknown) => redactJson(JSON.stringify(value), NAMES, false)

describe('fields of these names', () => {
  test.each([
    [
      { user: 'a', password: 'b' },
      { user: 'a', password: REDACTED },
    ],
    [
      { PassWord: { a: [1, 2] }, b: 1 },
      { PassWord: REDACTED, b: 1 },
    ],
    [[{ pin: 1 }, { pin: null }, { pin: [] }, { pin: {} }], new Array(4).fill({ pin: REDACTED })],
    [{ a: { b: [{ pin: { pin: 2 } }, 3] } }, { a: { b: [{ pin: REDACTED }, 3] } }],
    [
      { passwords: 'x', pins: 1 },
      { passwords: 'x', pins: 1 },
    ],
    [
      { body: '{"pin":1}', a: 'b' },
      { body: REDACTED, a: 'b' },
    ],
    [{ body: '{"p\\u0069n":1}' }, { body: REDACTED }],
    ['{"pin":1}', REDACTED],
    [12.5e-3, 12.5e-3],
    [null, null],
  ])('%j', (value, wanted) => {
    expect(JSON.parse(redacted(value) as string)).toEqual(wanted)
  })

  test('also where they are written otherwise', () => {
    expect(redactJson(String.raw`{"p\u0061ssword" : "b" , "x":1}`, NAMES, false)).toBe(
      String.raw`{"p\u0061ssword" : "[redacted]" , "x":1}`,
    )
  })
})

test.each([
  '',
  'password=b',
  '{"a":1',
  '{"a":1}}',
  '{a:1}',
  "{'a':1}",
  '[1,]',
  '{"a":01}',
  '"\n"',
  '1 2',
  'nul',
  '{"a" 1}',
])('what is no JSON is not shown: %j', (text) => {
  expect(redactJson(text, NAMES, false)).toBeUndefined()
})

test.each(['password=b', '{a', "{'", '[1,]', '{"a":01 ', '"\n', '"\\x', '1 2', 'nux', '{"a" 1', '-a'])(
  'nor where it is cut: %j',
  (text) => {
    expect(redactJson(text, NAMES, true)).toBeUndefined()
  },
)

test('as deep as it likes', () => {
  const depth = 30_000
  const text = `${'[{"a":'.repeat(depth)}{"pin":1}${'}]'.repeat(depth)}`
  expect(redactJson(text, NAMES, false)).toBe(text.replace('1', `"${REDACTED}"`))
})

/** JSON in which the secret is the value of a field that is redacted, or deep in one. */
const documents = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: 'small' }, tie('leaf'), tie('list'), tie('object'), tie('guarded')),
  leaf: fc.oneof(
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.string(),
    fc.constant(null),
  ),
  list: fc.array(tie('any'), { maxLength: 4 }),
  object: fc.dictionary(fc.string(), tie('any'), { maxKeys: 4 }),
  guarded: fc.record({
    a: tie('any'),
    pin: fc.oneof(fc.constant(SECRET), fc.array(fc.constant(SECRET))),
    z: tie('any'),
  }),
})).any

test('whatever it is, and wherever it is cut, the secret is not shown and the rest is', () => {
  fc.assert(
    fc.property(documents, fc.constantFrom(0, 1, 3), fc.nat(), (document, indent, cut) => {
      const text = JSON.stringify(document, null, indent)
      const whole = redactJson(text, NAMES, false)
      expect(whole).toBeDefined()
      const hide = (name: string, value: unknown) => (NAMES.has(name) ? REDACTED : value)
      // What a text might hold is hidden, too: the strings of chance hold none of the names, but backslashes.
      if (!text.includes('\\')) expect(JSON.parse(whole as string)).toEqual(JSON.parse(text, hide))
      expect(whole).not.toContain(SECRET)
      const part = text.slice(0, cut % (text.length + 1))
      const shown = redactJson(part, NAMES, true)
      expect(shown, `of ${part}`).toBeDefined()
      expect(shown).not.toContain(SECRET)
      // A part of it is enough.
      expect(shown).not.toContain(SECRET.slice(0, 4))
    }),
    { numRuns: RUNS },
  )
})

test.each(['Authorization', 'Set-Cookie', 'x-api-key', 'X-Token', 'client-secret', 'Password', 'KEY'])(
  'the header %s is not shown',
  (name) => {
    expect(isSecretHeader(name, new Set())).toBe(true)
  },
)

test('others are, unless they are named', () => {
  expect(isSecretHeader('X-User', new Set())).toBe(false)
  expect(isSecretHeader('X-User', new Set(['x-user']))).toBe(true)
})
