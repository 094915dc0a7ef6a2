import fc from 'fast-check'
import { expect, test } from 'vitest'
import { editDistance, nearest } from '../../../src/kernel/nearest.js'

test.each([
  ['thread', ['threads', 'order', 'retry'], 'threads'],
  ['fallbck', ['sink', 'fallback'], 'fallback'],
  ['Sink', ['source', 'sink'], 'sink'],
  ['rnu', ['run', 'graph'], 'run'],
  ['jsno', ['json', 'quiet'], 'json'],
  ['initial', ['factor', 'initialMs'], 'initialMs'],
  ['lo', ['log-level'], undefined],
  ['audit', ['sink', 'fallback', 'drop'], undefined],
  ['x', ['a', 'b'], undefined],
  ['', ['a'], undefined],
])('nearest to %j of %j is %j', (name, known, meant) => {
  expect(nearest(name, known)).toBe(meant)
})

test('of several near names the nearest is given, the first of equals', () => {
  expect(nearest('maps', ['mapt', 'map', 'maps1'])).toBe('mapt')
  expect(nearest('timeoutM', ['timeouts', 'timeoutMs'])).toBe('timeouts')
  expect(nearest('attemps', ['attempt', 'attempts'])).toBe('attempt')
  expect(nearest('attemptss', ['attempt', 'attempts'])).toBe('attempts')
})

test('the distance is 0 for the same text only, symmetric, and at most the longer length', () => {
  const text = fc.string({ maxLength: 12 })
  fc.assert(
    fc.property(text, text, (a, b) => {
      const distance = editDistance(a, b)
      expect(distance === 0).toBe(a === b)
      expect(editDistance(b, a)).toBe(distance)
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length))
      expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length))
    }),
  )
})

test.each([
  ['ab', 'ba', 1],
  ['kitten', 'sitting', 3],
  ['', 'abc', 3],
  ['abc', 'abc', 0],
])('%j and %j are %i apart', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance)
})
