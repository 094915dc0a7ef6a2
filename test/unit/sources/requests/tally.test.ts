// How requests fared, and what is said of it.

import { expect, test } from 'vitest'
import { createLog, type LogRecord } from '../../../../src/kernel/log.js'
import { Tally } from '../../../../src/sources/requests/tally.js'

test('clients that go away are told of now and then, all of them', () => {
  const logs: LogRecord[] = []
  const tally = new Tally(createLog((record) => logs.push(record), 'http', 'test'))
  tally.tell()
  expect(logs).toEqual([])
  for (let i = 0; i < 3; i++) tally.gone()
  tally.tell()
  tally.gone()
  tally.gone()
  for (let i = 0; i < 40; i++) tally.tell()
  expect(logs.map(({ fields }) => fields?.count)).toEqual([3])
  tally.tell()
  expect(logs.map(({ fields }) => fields?.count)).toEqual([3, 2])
  expect(tally.counts()).toMatchObject({ client_gone: 5 })
})

test('statuses are counted one by one', () => {
  const tally = new Tally(createLog(() => {}, 'http', 'test'))
  for (const status of [200, 200, 429, 0, 503, 429]) tally.count(status)
  expect(tally.counts()).toMatchObject({ answered_200: 2, answered_429: 2, answered_503: 1, answered_0: 1 })
})
