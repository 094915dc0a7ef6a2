// The values of options: what they may be, and what is said of others.

import { expect, test } from 'vitest'
import { integerOf, wordOf } from '../../../src/cli/option-value.js'
import { UsageError } from '../../../src/cli/verb.js'

test('a whole number is one in digits, within its range', () => {
  const read = (given: string | boolean | undefined) => integerOf('--count', given, 1, 1_000)
  expect([read(undefined), read('1'), read('1000')]).toEqual([undefined, 1, 1_000])
  for (const given of ['0', '1001', '1e2', '1.5', ' 1', '-1', '0x10', '', true])
    expect(() => read(given)).toThrow(
      new UsageError(`--count: got ${JSON.stringify(given)}, wanted a whole number from 1 to 1,000`),
    )
})

test('a word is one that is known', () => {
  const read = (given: string | undefined) => wordOf('--format', given, ['text', 'json'])
  expect([read(undefined), read('json')]).toEqual([undefined, 'json'])
  expect(() => read('jsn')).toThrow(
    new UsageError('--format: got "jsn", wanted one of text, json; did you mean json?'),
  )
  expect(() => read('yellow')).toThrow(new UsageError('--format: got "yellow", wanted one of text, json'))
})
