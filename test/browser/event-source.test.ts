// /sse as a browser's own EventSource takes it: payloads, the end, a failure, and a connection that was made again.

import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { until } from '../unit/sources/requests/kit.js'
import { type OpenServing, openServing, payload } from '../unit/sources/serving/kit.js'
import { CHROMIUM, launchChromium } from './chromium.js'

const REASON = CHROMIUM === undefined ? ' (NOT RUN: no Chromium here; say where it is by CHROMIUM)' : ''
const NAMES = ['message', 'base64', 'end', 'failure']

describe.skipIf(CHROMIUM === undefined)(`EventSource${REASON}`, () => {
  let browser: Browser
  let page: Page
  let serving: OpenServing
  beforeAll(async () => {
    browser = await launchChromium()
  })
  beforeEach(async () => {
    serving = await openServing()
    page = await browser.newPage()
    // Any page of the same origin.
    await page.goto(`http://127.0.0.1:${serving.port}/v1/process/status?id=none`)
  })
  afterEach(async () => {
    await page?.close()
    await serving?.end()
  })
  afterAll(() => browser?.close())

  /** Listens to an id; it notes what comes, and closes only where it is told to. */
  async function listen(id: string, closesAt: readonly string[]): Promise<void> {
    await page.evaluate(`
      seen = []
      events = new EventSource('/v1/process/sse?id=${id}')
      for (const name of ${JSON.stringify(NAMES)})
        events.addEventListener(name, ({ data }) => {
          seen.push([name, data])
          if (${JSON.stringify(closesAt)}.includes(name)) events.close()
        })`)
    await until(
      () => serving.stat('sse_listeners') === 1,
      () => 'somebody who listens',
    )
  }

  async function seen(last: string, times = 1): Promise<[name: string, data: string][]> {
    await page.waitForFunction(`seen.filter(([name]) => name === '${last}').length === ${times}`)
    return page.evaluate('seen')
  }

  /** Accepts a request, and gives its record. */
  async function accepted(id: string) {
    const reply = serving.ask('async', '', { 'x-numaflow-id': id })
    const record = await serving.one()
    expect((await reply).status).toBe(200)
    return record
  }

  it('has each payload, and the end', async () => {
    const record = await accepted('a')
    await listen('a', ['end'])
    serving.ack(record, payload('one'), payload('two\nlines'), { payload: Buffer.from([0xff]) })
    expect(await seen('end')).toEqual([
      ['message', 'one'],
      ['message', 'two\nlines'],
      ['base64', '/w=='],
      ['end', '{"payloads":3}'],
    ])
  })

  it('hears why there is none', async () => {
    const record = await accepted('b')
    await listen('b', ['failure'])
    serving.nack(record)
    expect(await seen('failure')).toEqual([['failure', expect.stringContaining('reason')]])
  })

  it('that comes again is told only what it has not seen', async () => {
    const record = await accepted('c')
    await listen('c', [])
    serving.ack(record, payload('one'), payload('two'))
    expect(await seen('end', 2)).toEqual([
      ['message', 'one'],
      ['message', 'two'],
      ['end', '{"payloads":2}'],
      ['end', '{"payloads":2}'],
    ])
  })
})
