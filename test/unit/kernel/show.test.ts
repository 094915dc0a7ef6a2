// What error messages say that they got.

import { expect, test } from 'vitest'
import { show } from '../../../src/kernel/show.js'

test.each([
  [undefined, 'nothing'],
  [null, 'null'],
  ['two', '"two"'],
  ['x'.repeat(61), `"${'x'.repeat(60)}…"`],
  [() => {}, 'a function'],
  [[], 'an empty list'],
  [[1, 2], 'a list of 2'],
  [{ read: 1, ack: 2 }, 'an object with read and ack'],
  [new Uint8Array(1), 'a Uint8Array'],
  [new Error('no'), 'an Error'],
  // What may be a port is written as one; what is to be compared with a limit has separators.
  [8080, '8080'],
  [65_536, '65536'],
  [-1, '-1'],
  [99_999, '99999'],
  [100_000, '100,000'],
  [67_108_865, '67,108,865'],
  [0.5, '0.5'],
  [Number.NaN, 'NaN'],
  [12_345n, '12345n'],
])('%o', (value, text) => {
  expect(show(value)).toBe(text)
})
