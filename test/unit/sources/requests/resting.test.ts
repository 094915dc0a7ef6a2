// Who was refused for want of room is not read for a while: its next request waits, and is answered then.

import { afterEach, expect, test } from 'vitest'
import { type OpenHttp, openHttp, postText, until } from './kit.js'

let http: OpenHttp
afterEach(() => http?.end())

test('a connection that was answered 429 is read again after its rest; others go on', async () => {
  http = await openHttp({ inFlight: 1 })
  const waiting = http.post('first')
  const [record] = await http.next()
  const raw = await http.raw()
  raw.write(postText('second'))
  await raw.until(/HTTP\/1.1 429 /)
  expect(http.stat('resting')).toBe(1)
  const fromMs = performance.now()
  raw.write(postText('third'))
  http.ack(record)
  expect((await waiting).status).toBe(200)
  // The other connection has been read all the time.
  const other = http.post('fourth')
  const [fourth] = await http.next()
  expect(Buffer.from(fourth.value as Uint8Array).toString()).toBe('fourth')
  http.ack(fourth)
  expect((await other).status).toBe(200)
  const [third] = await http.next()
  expect(performance.now() - fromMs).toBeGreaterThan(100)
  expect(Buffer.from(third.value as Uint8Array).toString()).toBe('third')
  http.ack(third)
  await raw.until(/429 [\s\S]*HTTP\/1.1 200 /)
  expect(raw.statuses).toEqual([429, 200])
  expect(http.stat('resting')).toBe(0)
})

test('what waited through a rest is refused where there is no room, and what comes after it is answered at once', async () => {
  http = await openHttp({ inFlight: 1 })
  const waiting = http.post('first')
  const [record] = await http.next()
  const raw = await http.raw()
  raw.write(postText('second'))
  await raw.until(/HTTP\/1.1 429 /)
  raw.write(postText('third'))
  await raw.until(/429 [\s\S]*HTTP\/1.1 429 /)
  expect(http.stat('resting')).toBe(0)
  http.ack(record)
  expect((await waiting).status).toBe(200)
  raw.write(postText('fourth'))
  const [fourth] = await http.next()
  http.ack(fourth)
  await raw.until(/429 [\s\S]*429 [\s\S]*HTTP\/1.1 200 /)
})

test('the end of the source ends the rest', async () => {
  http = await openHttp({ inFlight: 1 })
  const waiting = http.post('first').catch(() => {})
  await http.next()
  const raw = await http.raw()
  raw.write(postText('second'))
  await raw.until(/HTTP\/1.1 429 /)
  await http.source.close?.()
  await until(
    () => raw.isClosed,
    () => 'the end of the connection',
  )
  await waiting
})
