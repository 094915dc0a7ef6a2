// A network that stops, forgets, resets and is slow: whoever it was for, nothing of it stays behind, and the others go on.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { postText, type Raw } from '../unit/sources/requests/kit.js'
import { BadNetwork } from './support/bad-network.js'
import { Crowd } from './support/crowd.js'
import { ServingProcess } from './support/serving-process.js'

const LIMITS = { headersTimeoutMs: 1_000, requestTimeoutMs: 1_500, keepAliveMs: 1_000 }
const BODY_BYTES = 400_000

let served: ServingProcess
let network: BadNetwork
let others: Crowd
let before: Record<string, number>
beforeAll(async () => {
  served = await ServingProcess.begin({ options: { timeoutMs: 2_000, limits: LIMITS } })
  before = await served.stats()
})
afterAll(() => served?.end())
beforeEach(async () => {
  network = await BadNetwork.before(served.port)
  others = new Crowd(served, 4)
})
afterEach(async () => {
  served.unset('closed')
  await network.end()
  await others.stop()
})

/** Waits until it was counted once since the test began. */
async function counted(name: string): Promise<void> {
  const isCounted = async () => ((await served.stats())[name] ?? 0) === (before[name] ?? 0) + 1
  await served.until(isCounted, name)
}
const bodyText = (body: string) => postText(body).replace('POST / ', 'POST /v1/process/sync ')

/** Who did nothing wrong was answered, also after what went wrong, and nothing is left of that. Gives what was counted in the test. */
async function othersGoOn(): Promise<Record<string, number>> {
  const answered = others.outcomes.length
  await served.until(() => others.outcomes.length >= answered + 20, 'answers to the others')
  await others.stop()
  expect(new Set(others.outcomes.map(({ status }) => status))).toEqual(new Set([200]))
  const stats = await served.untilStill()
  const counts = { ...before }
  before = stats
  return Object.fromEntries(Object.entries(stats).map(([name, value]) => [name, value - (counts[name] ?? 0)]))
}

/** Sends the first half of a request through the network. */
async function halfOfABody(): Promise<Raw> {
  const raw = await served.raw(network.port)
  const half = bodyText('x'.repeat(BODY_BYTES)).slice(0, BODY_BYTES / 2)
  raw.write(half)
  await served.until(() => network.pairs.some(({ bytesUp }) => bytesUp === half.length), 'half of it')
  return raw
}

async function inItsHandler(id: string): Promise<Raw> {
  served.set('closed')
  const raw = await served.raw(network.port)
  raw.write(bodyText('holds it').replace('\r\n\r\n', `\r\nX-Numaflow-Id: ${id}\r\n\r\n`))
  await served.until(() => served.steps('begun').includes(id), `${id} in its handler`)
  return raw
}

test('a black hole in the middle of a body: it is 408, and what came is let go', async () => {
  await halfOfABody()
  network.stop()
  await counted('answered_408')
  await othersGoOn()
})

test('a black hole while a request waits: it is answered into nothing, and its connection ends', async () => {
  await inItsHandler('black-hole')
  network.stop()
  served.unset('closed')
  await othersGoOn()
  expect(served.steps('begun').filter((id) => id === 'black-hole')).toHaveLength(1)
})

test('a client that is gone without a word: its time runs out as any, and its connection ends', async () => {
  await inItsHandler('half-open')
  network.loseClients()
  // Nobody opens the gate: only its time ends it.
  await counted('answered_504')
  served.unset('closed')
  expect((await othersGoOn()).late).toBe(1)
})

test('a reset in the middle of a body: its client has gone, and nothing is held', async () => {
  await halfOfABody()
  network.reset()
  await counted('client_gone')
  await othersGoOn()
})

test('a reset while a request waits: its message is cancelled, and its id is free', async () => {
  await inItsHandler('reset')
  network.reset()
  await counted('client_gone')
  served.unset('closed')
  expect((await othersGoOn()).late).toBe(1)
  expect((await served.post('sync', 'again', { 'X-Numaflow-Id': 'reset' })).status).toBe(200)
})

test('a reset in the middle of an answer: nobody else notices', async () => {
  network.resetAfter('down', 100_000)
  const raw = await served.raw(network.port)
  raw.write(bodyText('big'))
  const text = await raw.closed()
  expect(raw.statuses).toEqual([200])
  expect(text.length).toBeLessThan(7_200_000)
  await othersGoOn()
})

test('an answer that is not taken: it holds up nobody', async () => {
  const raw = await served.raw(network.port)
  raw.socket.pause()
  raw.write(bodyText('big'))
  await served.until(() => network.pairs.some(({ bytesDown }) => bytesDown > 0), 'the beginning of it')
  await othersGoOn()
})

test('byte by byte, too slowly: 408; as slow as may be: an answer', async () => {
  const text = bodyText('slow')
  const tooSlow = await served.raw(network.port)
  const [head, body] = [text.slice(0, -4), text.slice(-4)]
  tooSlow.write(`${head}${body[0]}`)
  const slow = await served.raw(network.port)
  for (const [i, byte] of [...text].entries()) {
    slow.write(byte)
    const { pairs } = network
    await served.until(() => pairs[1].bytesUp >= i + 1, 'a byte')
  }
  await slow.until(/done slow$/)
  await tooSlow.closed()
  expect([slow.statuses, tooSlow.statuses]).toEqual([[200], [408]])
  await othersGoOn()
})

test('connections that nobody uses are ended', async () => {
  const raws = [await served.raw(network.port), await inItsHandler('last')]
  served.unset('closed')
  await raws[1].until(/done holds it/)
  await served.until(() => network.isEmpty, 'the end of idle connections')
  await othersGoOn()
})
