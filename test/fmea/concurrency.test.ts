// Many clients at once, more than there is room for: each gets one answer, its own, and nothing stays behind.

import { afterEach, expect, test } from 'vitest'
import { postText } from '../unit/sources/requests/kit.js'
import { ServingProcess } from './support/serving-process.js'

const CLIENTS = 500
const ROOM = 100

let served: ServingProcess
afterEach(() => served?.end())

test(`${CLIENTS} clients at once: each gets exactly one answer; who has no room is told when to come again`, async () => {
  served = await ServingProcess.begin({
    options: { concurrency: { min: ROOM, max: ROOM } },
    map: { threads: 2 },
  })
  served.set('closed')
  const raws = await Promise.all(Array.from({ length: CLIENTS }, () => served.raw()))
  for (const [n, raw] of raws.entries()) {
    const text = postText(`holds ${n}`, ['Connection: close']).replace('POST / ', 'POST /v1/process/sync ')
    raw.write(text)
  }
  // No more than there is room for are taken; all others hear of it while those still wait.
  const refused = () => raws.filter(({ statuses }) => statuses[0] === 429)
  await served.until(
    () => refused().length >= CLIENTS - ROOM,
    () => `${refused().length} refusals`,
  )
  served.unset('closed')
  const texts = await Promise.all(raws.map((raw) => raw.closed()))
  for (const [n, raw] of raws.entries()) {
    expect(raw.statuses).toHaveLength(1)
    if (raw.statuses[0] === 200) expect(texts[n].endsWith(`\r\n\r\ndone holds ${n}`)).toBe(true)
    else expect([raw.statuses[0], texts[n]]).toEqual([429, expect.stringMatching(/\r\nRetry-After: \d+\r\n/)])
  }
  const stats = await served.untilStill()
  const ok = CLIENTS - refused().length
  expect(ok).toBeGreaterThan(0)
  expect(stats).toMatchObject({ answered_200: ok, answered_429: CLIENTS - ok, waiting: 0, resting: 0 })
  // What was refused has begun nowhere.
  expect(served.steps('begun')).toHaveLength(ok)
  expect((await served.post('sync', 'next')).status).toBe(200)
})

test(`${CLIENTS} requests with the ids of ${ROOM}: each is one message, and all get its answer`, async () => {
  served = await ServingProcess.begin({
    options: { duplicates: 'join', concurrency: false },
    map: { concurrency: ROOM },
  })
  served.set('closed')
  const sent = Array.from({ length: CLIENTS }, (_, n) => {
    const id = `order-${n % ROOM}`
    return served.post('sync', `holds ${id}`, { 'X-Numaflow-Id': id })
  })
  await served.until(() => served.steps('begun').length === ROOM, 'one of each in its handler')
  served.unset('closed')
  for (const [n, { status, body }] of (await Promise.all(sent)).entries())
    expect([status, body]).toEqual([200, `done holds order-${n % ROOM}`])
  expect(new Set(served.steps('begun')).size).toBe(ROOM)
  expect(served.steps('begun')).toHaveLength(ROOM)
  await served.untilStill()
})
