// The live page in a real browser, on a topology under load whose parts break one after the other. Screenshots go to a temporary
// directory, for people to look at.

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Served, until } from '../support/served.js'
import { CHROMIUM, launchChromium } from './chromium.js'

const REASON = CHROMIUM === undefined ? ' (NOT RUN: no Chromium here; say where it is by CHROMIUM)' : ''
const DEADLINE_MS = 40_000

/** Opens the page, and notes all that it should not do. */
async function open(browser: Browser, url: string, options: Parameters<Browser['newContext']>[0] = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(DEADLINE_MS)
  const wrongs: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') wrongs.push(message.text())
  })
  page.on('pageerror', (error) => wrongs.push(error.message))
  page.on('request', (request) => {
    const target = request.url()
    if (!target.startsWith(url) && !target.startsWith('data:')) wrongs.push(`asks ${target}`)
  })
  const answer = await page.goto(url)
  return { page, wrongs, headers: answer?.headers() ?? {} }
}

async function figure(page: Page, name: string): Promise<number> {
  const pair = page.locator('#figures div', { has: page.getByText(name, { exact: true }) })
  return Number((await pair.locator('dd').innerText()).replaceAll(',', ''))
}

/** Gives the value of an expression in the page. */
function inPage<Value>(page: Page, expression: string): Promise<Value> {
  return page.evaluate(expression)
}

function banner(page: Page): Promise<string> {
  return page.locator('#banner').innerText()
}

async function bannerWith(page: Page, pattern: RegExp): Promise<void> {
  await until(`a banner like ${pattern}`, async () => pattern.test(await banner(page)))
}

describe.skipIf(CHROMIUM === undefined)(`the live page${REASON}`, () => {
  let browser: Browser
  let served: Served
  let shots: string
  beforeAll(async () => {
    browser = await launchChromium()
    shots = mkdtempSync(join(tmpdir(), 'millrace-page-'))
    console.log(`screenshots: ${shots}`)
  })
  afterEach(() => served?.end())
  afterAll(() => browser?.close())

  it('shows a running topology: its graph, and numbers that move', async () => {
    served = await Served.begin()
    const { page, wrongs, headers } = await open(browser, served.url)
    await page.locator('#graph .box').first().waitFor()
    expect(await page.locator('#graph .title').allTextContents()).toEqual([
      'reader',
      'map-0',
      'map-1',
      'sink',
      'fallback',
    ])
    expect(await page.locator('#graph .thread').allTextContents()).toEqual([
      'thread ingress',
      'thread map-0',
      'thread map-1',
      'thread egress',
    ])
    // Seven between two actors: two to the mappers, two to the sink, one to the fallback, two back.
    expect(await page.locator('#graph .arrow').count()).toBe(7)
    const before = await figure(page, 'acked')
    await until('a number that has grown', async () => (await figure(page, 'acked')) > before)
    expect(await page.title()).toMatch(/^admin · /)
    expect(await page.locator('#actors tr').count()).toBe(5)
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/)
    await page.screenshot({ path: join(shots, 'running.png'), fullPage: true })
    expect(wrongs).toEqual([])
  })

  it('fits on a phone and on a wide screen, by day and by night', async () => {
    served = await Served.begin()
    for (const [name, width] of [
      ['narrow', 390],
      ['wide', 1600],
    ] as const) {
      for (const colorScheme of ['light', 'dark'] as const) {
        const { page, wrongs } = await open(browser, served.url, {
          viewport: { width, height: 900 },
          colorScheme,
        })
        await page.locator('#graph .box').first().waitFor()
        const scroll = await inPage<number>(page, 'document.documentElement.scrollWidth')
        const paper = await inPage<string>(page, 'getComputedStyle(document.body).backgroundColor')
        expect(scroll, name).toBeLessThanOrEqual(width)
        const brightness = Number(/\d+/.exec(paper)?.[0])
        expect(brightness > 128, `${name} ${colorScheme}`).toBe(colorScheme === 'light')
        const graph = await page.locator('#graph').boundingBox()
        expect((graph?.height ?? 0) > (graph?.width ?? 0), name).toBe(name === 'narrow')
        await page.screenshot({ path: join(shots, `${name}-${colorScheme}.png`), fullPage: true })
        expect(wrongs).toEqual([])
        await page.context().close()
      }
    }
  })

  it('shows a sink that fails, with its error as mere text, back-pressure, and that all is well again', async () => {
    served = await Served.begin()
    const { page, wrongs } = await open(browser, served.url)
    await bannerWith(page, /^Ready/)
    served.set('fail')
    await bannerWith(page, /^Not ready: sink has failed for \d+ s/)
    const text = 'connect ECONNREFUSED 10.0.0.7:5432 <b>&amp;</b>'
    await until('the error', async () => (await page.locator('#actors').innerText()).includes(text))
    expect(await banner(page)).toContain(text)
    expect(await page.locator('b').count()).toBe(0)
    await page.locator('#graph .box.bad').waitFor()
    await page.locator('#graph .arrow.full').first().waitFor()
    expect(await page.locator('#state').innerText()).toBe('not ready')
    await page.screenshot({ path: join(shots, 'failing.png'), fullPage: true })
    served.unset('fail')
    served.set('slow')
    await bannerWith(page, /^Ready\. Back-pressure: .*map-\d waits for sink/)
    expect(await page.locator('#graph .percent').allTextContents()).toContainEqual(
      expect.stringMatching(/^(8|9|10)\d %$/),
    )
    served.unset('slow')
    expect(wrongs).toEqual([])
  })

  it('shows a thread that died, and went on', async () => {
    served = await Served.begin()
    const { page, wrongs } = await open(browser, served.url)
    await bannerWith(page, /^Ready/)
    served.set('exit')
    await until('a restart', async () => (await figure(page, 'restarts')) === 1)
    const labels = await page.locator('#graph .thread').allTextContents()
    expect(labels.join('; ')).toMatch(/thread map-\d, restarts 1/)
    expect(wrongs).toEqual([])
  })

  it('pauses and goes on by the keyboard alone', async () => {
    served = await Served.begin()
    const { page } = await open(browser, served.url)
    await bannerWith(page, /^Ready/)
    await page.keyboard.press('Tab')
    expect(await inPage(page, 'document.activeElement.id')).toBe('pause')
    await page.keyboard.press('Enter')
    expect(await page.locator('#pause').getAttribute('aria-pressed')).toBe('true')
    const before = await figure(page, 'acked')
    const { acked } = (await served.inspect()).progress
    await until('two more snapshots', async () => {
      const { progress } = await served.inspect()
      return progress.acked > acked + 20_000
    })
    expect(await figure(page, 'acked')).toBe(before)
    await page.keyboard.press('Enter')
    await until('a number that has grown', async () => (await figure(page, 'acked')) > before)
  })

  it('shows a drain, the end, and the next life at the same place', async () => {
    served = await Served.begin()
    const { page } = await open(browser, served.url)
    await bannerWith(page, /^Ready/)
    served.set('hold')
    served.child.kill('SIGTERM')
    await bannerWith(page, /^Draining: [\d,]+ in flight/)
    served.unset('hold')
    await served.ended
    await bannerWith(page, /^It has stopped\.$/)
    expect(await page.locator('#state').innerText()).toBe('stopped')
    const next = new Served(['--admin-port', new URL(served.url).port])
    try {
      await bannerWith(page, /^Ready/)
      expect(await page.locator('#main').getAttribute('class')).not.toContain('stale')
      next.child.kill('SIGKILL')
      await bannerWith(page, /^Nobody answers/)
      await page.screenshot({ path: join(shots, 'gone.png'), fullPage: true })
    } finally {
      await next.end()
    }
  })
})
