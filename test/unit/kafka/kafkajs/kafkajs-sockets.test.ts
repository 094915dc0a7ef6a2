import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import kafkajs from 'kafkajs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createClient } from '../../../../src/kafka/kafkajs/kafkajs-client.js'
import { KafkajsSockets } from '../../../../src/kafka/kafkajs/kafkajs-sockets.js'
import { createLog } from '../../../../src/kernel/log.js'

/** Takes all, and answers nothing. */
let silent: Server
let accepted: Socket[]
let broker: string
beforeEach(async () => {
  accepted = []
  silent = createServer((socket) => {
    accepted.push(socket)
    socket.on('error', () => {}).resume()
  }).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  broker = `127.0.0.1:${(silent.address() as AddressInfo).port}`
})
afterEach(async () => {
  for (const socket of accepted) socket.destroy()
  silent.close()
  await once(silent, 'close')
})

/** As a client of kafkajs opens one. */
async function connected(sockets: KafkajsSockets): Promise<{ socket: Socket; said: string[] }> {
  const [host, port] = broker.split(':')
  const said: string[] = []
  const socket = sockets.factory({ host, port: Number(port), ssl: undefined as never, onConnect: () => {} })
  socket.on('end', () => said.push('end')).on('error', ({ message }) => said.push(message))
  await once(socket, 'connect')
  return { socket, said }
}
const timeout = (of: string) =>
  ({ payload: { broker: of, apiName: 'Fetch' } }) as Parameters<KafkajsSockets['onTimeout']>[0]

test('the sockets of a broker that does not answer are ended, and no others', async () => {
  const sockets = new KafkajsSockets()
  const [one, other] = [await connected(sockets), await connected(sockets)]
  sockets.onTimeout(timeout('127.0.0.1:1'))
  expect([one.socket.destroyed, other.socket.destroyed]).toEqual([false, false])
  sockets.onTimeout(timeout(broker))
  await expect.poll(() => [one.said, other.said]).toEqual(Array(2).fill(['end', 'no answer to Fetch']))
  expect([one.socket.destroyed, other.socket.destroyed]).toEqual([true, true])
})

test('a consumer that has crashed is waited for until all are ended', async () => {
  const sockets = new KafkajsSockets()
  const { socket } = await connected(sockets)
  const ending = sockets.endSoon()
  expect(socket.destroyed).toBe(false)
  sockets.endAll()
  await ending
  expect(socket.destroyed).toBe(true)
})

test('a client of a broker that does not answer fails in time, and connects anew for each try', async () => {
  const log = createLog(() => {}, 'kafka', 'test')
  const connection = { brokers: [broker], clientId: 'test', connectTimeoutMs: 100 }
  const { kafka, sockets } = createClient(connection, 100, log, {})
  const admin = kafka.admin()
  admin.on(admin.events.REQUEST_TIMEOUT, sockets.onTimeout)
  await expect(admin.connect()).rejects.toThrow(kafkajs.KafkaJSError)
  expect(accepted.length).toBeGreaterThan(1)
  await admin.disconnect()
  sockets.endAll()
  await expect
    .poll(() => accepted.every(({ destroyed, readableEnded }) => destroyed || readableEnded))
    .toBe(true)
})
