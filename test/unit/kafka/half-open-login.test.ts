// A broker that says what it knows, and nothing more from some point of the login on: each client gives it up, and as what may be
// tried again, not as wrong credentials.

import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { ConnectionOptions, SaslOptions } from '../../../src/kafka/connection.js'
import type { Driver } from '../../../src/kafka/driver.js'
import { kafkajsDriver } from '../../../src/kafka/kafkajs/kafkajs-driver.js'
import { platformaticDriver } from '../../../src/kafka/platformatic/platformatic-driver.js'
import { createLog } from '../../../src/kernel/log.js'
import { CLIENTS } from './platformatic/clients.js'

const DRIVERS: { name: string; load: () => Promise<Driver> }[] = [
  { name: 'kafkajs', load: async () => kafkajsDriver },
  ...CLIENTS.map(({ name, load }) => ({ name, load: async () => platformaticDriver(await load()) })),
]
const [METADATA, HANDSHAKE, API_VERSIONS, AUTHENTICATE] = [3, 17, 18, 36]
const PLAIN: SaslOptions = { mechanism: 'plain', username: 'alice', password: 'secret' }
const NEVER: SaslOptions = { mechanism: 'oauthbearer', token: () => new Promise(() => {}) }
/** One of them is far away: which one is near decides who gives up. */
const [NEAR_MS, FAR_MS] = [300, 60_000]
/** A few tries with pauses between, on a busy machine. */
const LIMIT_MS = 30_000
const log = createLog(() => undefined, 'kafka', 'test')

let server: Server
let sockets: Socket[]

afterEach(() => {
  for (const socket of sockets) socket.destroy()
  server.close()
})

/** Gives the address of a broker that knows these requests, and has no answer to those from `silentFrom` on. */
async function broker(keys: readonly number[], silentFrom: number): Promise<string> {
  sockets = []
  server = createServer((socket) => {
    sockets.push(socket)
    let isSilent = false
    socket.on('error', () => {})
    // A request comes in one piece, and alone: each waits for the answer to the one before.
    socket.on('data', (request) => {
      if (isSilent) return
      const [key, version, id] = [request.readInt16BE(4), request.readInt16BE(6), request.readInt32BE(8)]
      isSilent = key === silentFrom
      if (!isSilent) socket.write(answerOf(id, key === HANDSHAKE ? mechanisms() : versions(keys, version)))
      // What follows the handshake is bare bytes, where there is no request for it.
      isSilent ||= key === HANDSHAKE && !keys.includes(AUTHENTICATE)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return `127.0.0.1:${(server.address() as { port: number }).port}`
}

function answerOf(id: number, body: Buffer): Buffer {
  return Buffer.concat([int32(4 + body.length), int32(id), body])
}

function mechanisms(): Buffer {
  const names = ['PLAIN', 'OAUTHBEARER']
  return Buffer.concat([
    int16(0),
    int32(names.length),
    ...names.flatMap((name) => [int16(name.length), Buffer.from(name)]),
  ])
}

function versions(keys: readonly number[], version: number): Buffer {
  const isCompact = version >= 3
  const each = keys.flatMap((key) => [
    int16(key),
    int16(0),
    int16(key === HANDSHAKE ? 1 : key === AUTHENTICATE ? 2 : 9),
    Buffer.alloc(isCompact ? 1 : 0),
  ])
  const count = isCompact ? Buffer.from([keys.length + 1]) : int32(keys.length)
  return Buffer.concat([int16(0), count, ...each, int32(0), Buffer.alloc(isCompact ? 1 : 0)])
}

function int16(number: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(number)
  return bytes
}

function int32(number: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(number)
  return bytes
}

const ALL = [METADATA, HANDSHAKE, API_VERSIONS, AUTHENTICATE]
const BEFORE_AUTHENTICATE = [METADATA, HANDSHAKE, API_VERSIONS]

describe.each(DRIVERS)('$name', ({ name, load }) => {
  async function openingWith(
    address: string,
    sasl: SaslOptions,
    connectTimeoutMs: number,
    requestTimeoutMs: number,
  ) {
    const connection: ConnectionOptions = { brokers: [address], clientId: 'test', sasl, connectTimeoutMs }
    const producer = (await load()).producer({ connection, codec: 'none', requestTimeoutMs }, log)
    try {
      await producer.open()
    } finally {
      await producer.close()
    }
  }

  test.each([
    [
      'the login is not answered, and the connection has little time',
      ALL,
      AUTHENTICATE,
      PLAIN,
      NEAR_MS,
      FAR_MS,
    ],
    ['the login is not answered, and a request has little time', ALL, AUTHENTICATE, PLAIN, FAR_MS, NEAR_MS],
    ['the handshake is not answered', ALL, HANDSHAKE, PLAIN, FAR_MS, NEAR_MS],
    ['the token never comes', ALL, AUTHENTICATE, NEVER, NEAR_MS, FAR_MS],
  ])(
    '%s',
    async (_, keys, silentFrom, sasl, connectMs, requestMs) => {
      const opening = openingWith(await broker(keys, silentFrom), sasl, connectMs, requestMs)
      await expect(opening).rejects.toMatchObject({ kind: 'retriable' })
    },
    LIMIT_MS,
  )

  test.runIf(name === 'kafkajs')(
    'bare bytes are not answered',
    async () => {
      const address = await broker(BEFORE_AUTHENTICATE, AUTHENTICATE)
      await expect(openingWith(address, PLAIN, NEAR_MS, FAR_MS)).rejects.toMatchObject({
        kind: 'retriable',
        message: `no login at ${address} within ${NEAR_MS} ms`,
      })
    },
    LIMIT_MS,
  )
})
