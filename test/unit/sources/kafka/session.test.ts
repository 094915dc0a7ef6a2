import { afterEach, expect, test, vi } from 'vitest'
import type { Consumer, ConsumerEvents, ConsumerOptions, Driver } from '../../../../src/kafka/driver.js'
import { KafkaError, type KafkaErrorKind } from '../../../../src/kafka/kafka-error.js'
import type { MillraceError } from '../../../../src/kernel/failure.js'
import { createLog } from '../../../../src/kernel/log.js'
import { Session } from '../../../../src/sources/kafka/session.js'

const options = {
  connection: { brokers: ['a:1'] },
  topics: ['t'],
  groupId: 'g',
} as unknown as ConsumerOptions

afterEach(() => {
  vi.useRealTimers()
})

/** A client that opens as it is told: by an error, or well. */
function scene(ends: readonly (KafkaErrorKind | 'well')[]) {
  const opened: ConsumerEvents[] = []
  const said: string[] = []
  let closed = 0
  let gaveUp: MillraceError | undefined
  const consumer = (_: ConsumerOptions, events: ConsumerEvents): Consumer => {
    const end = ends[opened.length] ?? 'well'
    opened.push(events)
    return {
      open: async () => {
        if (end !== 'well') throw new KafkaError(end, `it is ${end}`)
      },
      health: () => ({ joined: true, reconnects: 1 }),
      close: async () => {
        closed++
      },
    } as unknown as Consumer
  }
  const events = Object.fromEntries(
    ['batch', 'rebalancing', 'assigned', 'outOfRange', 'failed'].map((name) => [name, () => {}]),
  ) as unknown as ConsumerEvents
  const session = new Session({
    driver: { name: 'kafkajs', consumer } as unknown as Driver,
    options,
    log: createLog(({ message }) => said.push(message), 'kafka', 'test'),
    events,
    ended: () => {},
    gaveUp: (error) => {
      gaveUp = error
    },
  })
  return { session, opened, said, closed: () => closed, gaveUp: () => gaveUp }
}

test('what is final is so at the third time in a row', async () => {
  const { session, opened, gaveUp, closed } = scene(['denied', 'denied', 'denied'])
  await expect(session.open()).rejects.toMatchObject({ code: 'ERR_OPEN' })
  expect(opened.length).toBe(3)
  expect(closed()).toBe(3)
  expect(gaveUp()?.message).toBe('kafka: a:1: it is denied: check `sasl`, and what its user may read')
})

test('what is not connected yet says why', async () => {
  vi.useFakeTimers()
  const { session, said } = scene(Array.from({ length: 50 }, () => 'retriable'))
  const opened = session.open()
  await vi.advanceTimersByTimeAsync(5_000)
  await opened
  expect(said).toContain('kafka: not connected yet to a:1: it is retriable: it is tried again and again')
  await session.close()
})

test('brokers that are not there at first do not count: what seems final then may not be', async () => {
  const { session, opened } = scene(['retriable', 'retriable', 'unknown-topic', 'unknown-topic', 'well'])
  await session.open()
  expect(opened.length).toBe(5)
  await session.close()
})

test('what is final is so, too, where it is seen only in a session that is open', async () => {
  vi.useFakeTimers()
  const { session, opened, gaveUp } = scene([])
  await session.open()
  // It lasted: what is said then is said for the first time.
  await vi.advanceTimersByTimeAsync(60_000)
  const failing = setInterval(() => opened.at(-1)?.failed(new KafkaError('unusable', 'format 1')), 500)
  await vi.advanceTimersByTimeAsync(20_000)
  expect(gaveUp()).toBeUndefined()
  await vi.advanceTimersByTimeAsync(20_000)
  clearInterval(failing)
  expect(gaveUp()?.message).toBe('kafka: a:1: format 1: check the options, and the versions of the brokers')
})

test('one that fails, or is to be renewed, is closed, and another one opened', async () => {
  const { session, opened, said, closed } = scene([])
  await session.open()
  opened[0].failed(new KafkaError('retriable', 'gone'))
  await expect.poll(() => said.filter((line) => line.endsWith('open again')).length).toBe(1)
  session.renew('nothing came')
  await expect.poll(() => said.filter((line) => line.endsWith('open again')).length).toBe(2)
  expect([session.restarts, session.reconnects, closed()]).toEqual([2, 3, 2])
  expect(said).toContain('kafka: gone: the session is opened again')
  await session.close()
  expect(session.consumer).toBeUndefined()
  expect(closed()).toBe(3)
})
