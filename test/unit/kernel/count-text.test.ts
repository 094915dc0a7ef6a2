import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countText } from '../../../src/kernel/count-text.js'

/** Node's own words, which take long to load. */
const model = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 20 })

test.each([
  0,
  -1,
  999,
  1_000,
  65_536,
  -123_456.789,
  0.2,
  1_000.000_1,
  Number.MAX_SAFE_INTEGER,
  1e21,
  5e-7,
  Number.POSITIVE_INFINITY,
  Number.NaN,
])('%d', (value) => {
  expect(countText(value)).toBe(model(value))
})

test('any number is written as Node writes it', () => {
  const anyNumber = fc.oneof(
    fc.maxSafeInteger(),
    fc.integer({ min: -99_999, max: 99_999 }).map((n) => n / 100),
  )
  fc.assert(
    fc.property(anyNumber, (value) => {
      expect(countText(value)).toBe(model(value))
    }),
  )
})
