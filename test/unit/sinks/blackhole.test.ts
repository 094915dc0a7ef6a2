import { expect, test } from 'vitest'
import { blackhole } from '../../../src/sinks/blackhole.js'
import { makeMessages } from '../../support/messages.js'

test('every message is ok, by its own reference, in the order of the batch', async () => {
  const batch = makeMessages([{ value: 'a' }, { value: null }, { value: 'c', keys: ['k'] }])
  const responses = await blackhole().write(batch)
  expect(responses.map((response) => response.outcome)).toEqual(['ok', 'ok', 'ok'])
  expect(responses.map((response) => response.ref)).toEqual(batch)
})

test('an empty batch has an empty answer', () => {
  expect(blackhole().write([])).toEqual([])
})

test('it declares that it keeps order, and has nothing to open or close', () => {
  expect(blackhole()).toEqual({ name: 'blackhole', ordered: true, write: expect.any(Function) })
})
