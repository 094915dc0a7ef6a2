// What nobody waits for any more, on real threads and the built package: it is not begun, and who has begun hears of it at once.

import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { LogRecord, Running, start as startType } from '../../src/index.js'

let start: typeof startType
let folder: string
let running: Running | undefined
let said: { message: string; id: string; ms: number; reason: string }[]

beforeAll(async () => {
  ;({ start } = await import(new URL('../../dist/index.js', import.meta.url).href))
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-cancel-'))
  said = []
})
afterEach(async () => {
  await running?.stop()
  rmSync(folder, { recursive: true })
})

async function begin(parameters: Record<string, string> = {}): Promise<Running> {
  const url = new URL('./fixtures/cancelling.mjs', import.meta.url)
  for (const [key, value] of Object.entries({ folder, ...parameters })) url.searchParams.set(key, value)
  const log = ({ message, fields }: LogRecord) =>
    void said.push({ message, ...fields } as (typeof said)[number])
  running = await start(url, { log, logLevel: 'info' })
  return running
}

const idsOf = (message: string) => said.filter((each) => each.message === message).map(({ id }) => id)
const cancel = (id: string) => appendFileSync(join(folder, 'cancel'), `${id}\n`)

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within 20 s: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

it('what is queued is never begun, what is begun is told, and all others are done', async () => {
  const { finished } = await begin()
  await until('a call on each thread', () => idsOf('begun').length === 2)
  const [told, other] = idsOf('begun')
  const queued = Array.from({ length: 20 }, (_, i) => String(i)).filter((id) => id !== told && id !== other)
  const gone = queued.filter((_, i) => i % 2 === 0)
  for (const id of [...gone, told]) cancel(id)
  await until('the abort', () => idsOf('aborted').length > 0)
  writeFileSync(join(folder, 'go'), '')
  const { acked, nacked, failed } = await finished
  expect(idsOf('aborted')).toEqual([told])
  expect(said.find(({ message }) => message === 'aborted')?.reason).toBe(
    'cancelled: nobody waits for its answer',
  )
  expect(idsOf('nacked').sort()).toEqual([...gone, told].sort())
  expect(idsOf('begun').filter((id) => gone.includes(id))).toEqual([])
  expect([acked, nacked, failed]).toEqual([10, 10, 0])
  expect(said.filter(({ message }) => message === 'begun')).toMatchObject(Array(11).fill({ deadline: 7e12 }))
})

it('who has begun hears of it at once: most of nine within 100 ms', async () => {
  await begin({ concurrency: '16' })
  await until('all calls', () => idsOf('begun').length === 20)
  for (let id = 0; id < 9; id++) {
    cancel(String(id))
    await until(`the abort of ${id}`, () => idsOf('aborted').includes(String(id)))
  }
  const timeOf = (message: string, id: string) =>
    said.find((each) => each.message === message && each.id === id)?.ms ?? 0
  const delays = idsOf('aborted').map((id) => timeOf('aborted', id) - timeOf('cancels', id))
  console.info(`from cancel to abort: ${delays.map((ms) => ms.toFixed(1)).join(', ')} ms`)
  // A thread that nobody wakes would look after 200 ms at most.
  expect(delays.filter((ms) => ms < 100).length).toBeGreaterThanOrEqual(7)
})

it('a stop without a drain tells those that have begun', async () => {
  const { stop } = await begin({ concurrency: '16' }).then((own) => ({ stop: () => own.stop() }))
  await until('all calls', () => idsOf('begun').length === 20)
  await stop()
  await until('all aborts', () => idsOf('aborted').length === 20)
  expect(said.find(({ message }) => message === 'aborted')?.reason).toBe('the topology stops: stopped')
})
