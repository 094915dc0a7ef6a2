// Clients who take up room and give nothing for it: bodies that do not come, and one id a thousand times.

import { afterEach, expect, test } from 'vitest'
import { until } from '../requests/kit.js'
import { type OpenServing, openServing, payload } from './kit.js'

let serving: OpenServing
afterEach(() => serving?.end())

test('bodies that do not come keep nobody out', async () => {
  serving = await openServing({ concurrency: { min: 4, max: 4 } })
  serving.echo()
  const slow = await Promise.all(Array.from({ length: 20 }, () => serving.raw()))
  for (const raw of slow)
    raw.write('POST /v1/process/sync HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo')
  await until(
    () => serving.stat('held_bytes') === 2 * slow.length,
    () => `the halves of ${slow.length} bodies: ${serving.stat('held_bytes')}`,
  )
  for (let n = 0; n < 5; n++) expect((await serving.ask('sync', 'whole')).body).toBe('whole')
  for (const raw of slow) raw.write('dy')
  // Now they need a place each, and not all of them get one.
  await until(
    () => slow.every(({ statuses }) => statuses.length === 1),
    () => `an answer each: ${slow.map(({ statuses }) => statuses)}`,
  )
  for (const { statuses } of slow) expect([200, 429]).toContain(statuses[0])
  expect([serving.stat('in_flight'), serving.stat('held_bytes')]).toEqual([0, 0])
})

test('no more wait for the answer to one than may wait at all, and all of them get it', async () => {
  serving = await openServing({ duplicates: 'join', inFlight: 100 })
  const raw = await serving.raw()
  const one = 'POST /v1/process/sync HTTP/1.1\r\nHost: a\r\nX-Numaflow-Id: a\r\nContent-Length: 1\r\n\r\nx'
  raw.write(one.repeat(500))
  const record = await serving.one()
  await until(
    () => serving.stat('answered_429') === 400,
    () => `429: ${serving.stat('answered_429')}`,
  )
  expect([serving.stat('joined'), serving.stat('waiting')]).toEqual([99, 1])
  serving.ack(record, payload('same'))
  await until(
    () => raw.statuses.length === 500,
    () => `answers: ${raw.statuses.length}`,
  )
  expect(raw.statuses.filter((status) => status === 200)).toHaveLength(100)
  expect(raw.text.match(/\r\n\r\nsame/g)).toHaveLength(100)
  expect(serving.stat('joined')).toBe(0)
})
