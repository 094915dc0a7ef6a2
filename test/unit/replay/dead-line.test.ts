// What becomes of a line of dead letters: it is sent again as it was, kept, or counted; it is never taken for what it is not.

import { describe, expect, test } from 'vitest'
import { type DeadLine, deadLineOf, type Replay } from '../../../src/replay/dead-line.js'
import { isMeant, type Only } from '../../../src/replay/only.js'
import { Places } from '../../../src/replay/places.js'

const places = new Places(['parse', 'price'], ['sink', 'alerts', 'fallback'])
const letter = {
  millrace: 1,
  id: '17',
  keys: ['a'],
  tags: ['large'],
  headers: {
    source: 'web',
    'millrace-reason': 'price-1: no price',
    'millrace-stage': 'price-1',
    'millrace-attempts': '3',
    'millrace-error': 'Error: no price',
    'millrace-stack': 'Error: no price\n    at price',
  },
  eventTime: 5,
  value: 'text',
}
const look = (line: object | string, more: Partial<Replay> = {}, areEnvelopes = true): DeadLine =>
  deadLineOf(
    Buffer.from(typeof line === 'string' ? line : JSON.stringify(line)),
    areEnvelopes,
    { path: 'x', ...more },
    places,
  )
const headersOf = (line: DeadLine) => (line.kind === 'letter' ? { ...line.letter.headers } : line.kind)

describe('an envelope', () => {
  test('is the message that it was, and counts that it was sent again', () => {
    expect(look(letter)).toEqual({
      kind: 'letter',
      letter: {
        id: '17',
        keys: ['a'],
        tags: ['large'],
        headers: { source: 'web', 'millrace-stage': 'price-1', 'millrace-replays': '1' },
        eventTime: 5,
        trace: undefined,
        value: 'text',
      },
    })
    const again = { ...letter, headers: { ...letter.headers, 'millrace-replays': '4' } }
    expect(headersOf(look(again))).toMatchObject({ 'millrace-replays': '5' })
    const odd = { ...letter, headers: { 'millrace-replays': 'often' } }
    expect(headersOf(look(odd))).toEqual({ 'millrace-replays': '1' })
  })

  test('begins where it is told', () => {
    expect(headersOf(look(letter, { from: 'parse' }))).toMatchObject({ 'millrace-stage': 'parse' })
  })

  test('that was given up elsewhere stays', () => {
    const elsewhere = { ...letter, headers: { 'millrace-stage': 'old-sink' } }
    expect(look(elsewhere)).toEqual({ kind: 'elsewhere', stage: 'old-sink' })
    expect(look(elsewhere, { from: 'sink' }).kind).toBe('letter')
  })

  test('that is torn, or was torn before it, is unreadable', () => {
    const line = JSON.stringify(letter)
    for (let length = 1; length < line.length; length++)
      expect(look(line.slice(0, length)).kind).toBe('unreadable')
    expect(look(line.slice(20)).kind).toBe('unreadable')
    expect(look({ ...letter, id: undefined }).kind).toBe('unreadable')
    expect(look('').kind).toBe('empty')
    expect(look(' \t').kind).toBe('empty')
  })

  test('of a later version is named as such', () => {
    expect(look({ ...letter, millrace: 2 }).kind).toBe('later')
    expect(look({ millrace: 2, uid: 17 }, {}, false).kind).toBe('later')
    expect(look({ ...letter, millrace: 0 }).kind).toBe('unreadable')
  })

  test('behind a raw line is one, too', () => {
    expect(look(letter, {}, false).kind).toBe('letter')
    expect(look('{"millrace":1,"id":', {}, false).kind).toBe('unreadable')
  })
})

describe('a raw line', () => {
  test('is a value, from the first stage on', () => {
    const bytes = Buffer.from([0xff, 0x00])
    expect(deadLineOf(bytes, false, { path: 'x' }, places)).toEqual({
      kind: 'letter',
      letter: {
        keys: [],
        tags: [],
        headers: { 'millrace-replays': '1' },
        eventTime: undefined,
        trace: undefined,
        value: bytes,
      },
    })
    expect(headersOf(look('{"id":"17"}', { from: 'sink' }, false))).toEqual({
      'millrace-stage': 'sink',
      'millrace-replays': '1',
    })
    expect(look('', {}, false).kind).toBe('letter')
  })

  test('has no reason to go by', () => {
    expect(look('a', { only: { field: 'reason', text: 'a' } }, false).kind).toBe('kept')
  })
})

test.each<[Only['field'], string, boolean]>([
  ['reason', 'no price', true],
  ['reason', 'No price', false],
  ['error', 'Error:', true],
  ['stage', 'price', true],
  ['stage', 'price-1', true],
  ['stage', 'pric', false],
  ['id', '17', true],
  ['id', '1', false],
  ['key', 'a', true],
  ['key', 'b', false],
  ['tag', 'large', true],
  ['tag', 'lar', false],
])('--only %s=%s: %s', (field, text, meant) => {
  const { millrace: _, ...envelope } = letter
  expect(isMeant({ ...envelope, trace: undefined }, { field, text })).toBe(meant)
  expect(look(letter, { only: { field, text } }).kind).toBe(meant ? 'letter' : 'kept')
})

test.each<[string | undefined, number | undefined]>([
  [undefined, 0],
  ['parse', 0],
  ['price', 1],
  ['price-0', 1],
  ['price-31', 1],
  ['sink', 2],
  ['alerts', 2],
  ['sink-1', undefined],
  ['other', undefined],
  ['', undefined],
])('the first stage of %s is number %s', (place, first) => {
  expect(places.firstStage(place)).toBe(first)
})

test('a stage whose name ends in a number is itself before it is a thread of another', () => {
  expect(new Places(['map', 'map-1'], ['sink']).firstStage('map-1')).toBe(1)
})
