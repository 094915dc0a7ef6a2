import { expect, test } from 'vitest'
import { joinedKeys } from '../../../../src/sinks/kafka/joined-keys.js'
import { makeMessage } from '../../../support/messages.js'

const keyOf = (keys: string[] | undefined) =>
  joinedKeys(makeMessage({ value: 'v', id: 'some id', partition: 3, keys, headers: { a: 'b' } }))

test('the keys as one, in UTF-8', () => {
  expect(keyOf(undefined)).toBeNull()
  expect(keyOf([])).toBeNull()
  for (const keys of [['one'], ['größe'], [''], ['a', 'b'], ['a:b', 'ö', '']])
    expect(String(keyOf(keys)), String(keys)).toBe(keys.join(':'))
})
