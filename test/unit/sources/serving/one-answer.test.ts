// I6: whatever becomes of requests and their messages, each client gets exactly one answer, or has gone; and nothing is left over.

import { request } from 'node:http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SourceRecord } from '../../../../src/sources/source.js'
import { until } from '../requests/kit.js'
import { openServing, payload } from './kit.js'

type Ask = {
  isAsync: boolean
  id: number
  timeoutMs: number
  /** After so many ms the client goes away. */
  goesAfterMs: number
  outcome: 'ack' | 'answer' | 'nack' | 'late' | 'bad'
  delayMs: number
}

const asks = fc.array(
  fc.record<Ask>({
    isAsync: fc.boolean(),
    // 0: an id of the source's own; the others meet.
    id: fc.constantFrom(0, 0, 1, 2, 3),
    timeoutMs: fc.constantFrom(30, 60, 10_000, 10_000),
    goesAfterMs: fc.constantFrom(0, 5, 40, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
    outcome: fc.constantFrom('ack', 'answer', 'answer', 'nack', 'late', 'bad'),
    delayMs: fc.nat(50),
  }),
  { minLength: 1, maxLength: 40 },
)

const STATUSES = {
  sync: [200, 204, 409, 429, 500, 503, 504],
  async: [200, 409, 429, 503],
}

test('each request has exactly one answer, whoever goes, joins, is late or fails', async () => {
  await fc.assert(
    fc.asyncProperty(asks, fc.boolean(), async (list, joins) => {
      const serving = await openServing({ duplicates: joins ? 'join' : 'reject', inFlight: 16 })
      const settled = new Set<number>()
      const timers: NodeJS.Timeout[] = []
      const settle = (record: SourceRecord) => {
        const { outcome, delayMs } = list[Number(Buffer.from(record.value as Uint8Array).toString())]
        const offset = record.offset as number
        expect(settled.has(offset), `offset ${offset} is given once`).toBe(false)
        settled.add(offset)
        const tell = () => {
          if (outcome === 'nack') serving.nack(record)
          else if (outcome === 'ack') serving.ack(record)
          else serving.ack(record, { ...payload('x'), ...(outcome === 'bad' && { status: 99 }) })
        }
        timers.push(setTimeout(tell, outcome === 'late' ? 90 + delayMs : delayMs))
      }
      let isOver = false
      const reading = (async () => {
        while (!isOver) for (const record of await serving.next()) settle(record)
      })()
      const answers = await Promise.all(list.map((ask, number) => answersTo(serving.port, ask, number)))
      for (const [number, { statuses, hasGone }] of answers.entries()) {
        const ask = list[number]
        const wanted = STATUSES[ask.isAsync ? 'async' : 'sync']
        expect(statuses.length, `answers to ${JSON.stringify(ask)}`).toBe(hasGone ? statuses.length : 1)
        expect(statuses.length).toBeLessThanOrEqual(1)
        for (const status of statuses) expect(wanted).toContain(status)
      }
      const left = () => ['waiting', 'joined', 'orphans', 'held_bytes', 'in_flight'].map(serving.stat)
      await until(
        () => left().every((count) => count === 0),
        () => `nothing left: ${left()}`,
      )
      isOver = true
      await serving.end()
      await reading
    }),
    // A shrunk one would take minutes: each wait has its deadline.
    { numRuns: 25, endOnFailure: true },
  )
}, 120_000)

/** Asks once, and gives all answers that come until the connection ends. */
function answersTo(
  port: number,
  ask: Ask,
  number: number,
): Promise<{ statuses: number[]; hasGone: boolean }> {
  return new Promise((resolve) => {
    const statuses: number[] = []
    let hasGone = false
    const headers: Record<string, string> = {
      'x-request-timeout-ms': String(ask.timeoutMs),
      connection: 'close',
    }
    if (ask.id > 0) headers['x-numaflow-id'] = `id-${ask.id}`
    const path = `/v1/process/${ask.isAsync ? 'async' : 'sync'}`
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', headers }, (response) => {
      statuses.push(response.statusCode ?? 0)
      response.resume()
    })
    sent.on('error', () => {})
    sent.on('close', () => {
      clearTimeout(going)
      resolve({ statuses, hasGone })
    })
    const leave = () => {
      hasGone = true
      sent.destroy()
    }
    const going =
      ask.goesAfterMs === Number.POSITIVE_INFINITY ? undefined : setTimeout(leave, ask.goesAfterMs)
    sent.end(String(number))
  })
}
