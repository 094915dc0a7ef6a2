// A flood of one class does not stand before the others, and a class may be refused by itself.

import { afterEach, expect, test } from 'vitest'
import { until } from '../requests/kit.js'
import { type OpenServing, openServing, payload, textOf } from './kit.js'

let serving: OpenServing
afterEach(() => serving?.end())
const CLASSES = { interactive: { weight: 4 }, batch: { weight: 1, inFlight: 100 } }

test('what is interactive passes a flood of batch, and the class is a tag of its messages', async () => {
  serving = await openServing({ classes: CLASSES, classHeader: 'x-class', concurrency: false })
  const flood = Array.from({ length: 100 }, () => serving.ask('sync', 'batch', { 'x-class': 'batch' }))
  await until(
    () => serving.stat('in_flight_batch') === 100,
    () => 'the flood',
  )
  expect((await serving.ask('sync', 'batch', { 'x-class': 'batch' })).status).toBe(429)
  expect((await serving.ask('sync', '', { 'x-class': 'other' })).status).toBe(400)
  const interactive = serving.ask('sync', 'interactive')
  await until(
    () => serving.stat('in_flight_interactive') === 1,
    () => 'interactive',
  )
  const order: string[] = []
  let isAnswered = false
  void interactive.then(() => {
    isAnswered = true
  })
  while (!isAnswered) {
    const record = await serving.one()
    order.push(textOf(record))
    expect(record.tags).toEqual([textOf(record)])
    serving.ack(record, payload('ok'))
    await new Promise((resolve) => setImmediate(resolve))
  }
  // No more of the flood were before it than are given at once at first.
  expect(order.indexOf('interactive')).toBeLessThan(70)
  for (let left = 100 - (order.length - 1); left > 0; left--) serving.ack(await serving.one(), payload('ok'))
  for (const { status } of await Promise.all(flood)) expect(status).toBe(200)
  expect((await interactive).status).toBe(200)
})
