// Every example, run as its reader runs it: exit code, and exactly what comes out of it.

import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { beforeAll, describe, expect, it, test } from 'vitest'
// @ts-expect-error: the examples are plain JavaScript
import { accessLog } from '../../examples/access-log/generate.mjs'
// @ts-expect-error
import { parseLine } from '../../examples/access-log/parse-line.mjs'
import { type Ended, MAIN, ROOT, runNode } from '../support/child.js'

const TIMEOUT_MS = 30_000
/** `webhook` has a test of its own: http-example.test.ts. */
const TESTED = ['access-log', 'custom', 'enrich', 'fan-out', 'stdin-filter', 'webhook']

const textOf = (path: string) => readFileSync(`${ROOT}examples/${path}`, 'utf8')
const linesOf = (text: string) => text.split('\n').slice(0, -1)

function runExample(name: string, args: readonly string[], more: Parameters<typeof runNode>[1] = {}) {
  return runNode([MAIN, 'run', `examples/${name}/topology.mjs`, ...args], { timeoutMs: TIMEOUT_MS, ...more })
}

/** The summary of --json is the last line of stderr. */
function summaryOf({ stderr }: Ended): Record<string, unknown> {
  return JSON.parse(linesOf(stderr).at(-1) ?? '')
}

// As after a clone: they make what they need.
beforeAll(() => {
  for (const name of ['access-log', 'custom'])
    rmSync(`${ROOT}examples/${name}/out`, { recursive: true, force: true })
})

test('there is a test for each example', () => {
  expect(readdirSync(`${ROOT}examples`).sort()).toEqual(TESTED)
})

describe('access-log', () => {
  test('npm start runs it', () => {
    const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as {
      scripts: { start: string }
    }
    expect(scripts.start).toBe('node dist/main.js run examples/access-log/topology.mjs')
  })

  test('its input is what the generator makes', () => {
    const text = textOf('access-log/access.log')
    expect(text.length).toBeLessThan(2_500_000)
    expect(text === accessLog()).toBe(true)
  })

  test('each line becomes JSON in its order, or a reject with the reason, in every run', async () => {
    const requests: string[] = []
    const rejects: { reason: string; line: string }[] = []
    for (const line of linesOf(textOf('access-log/access.log'))) {
      try {
        requests.push(JSON.stringify(parseLine(line)))
      } catch (error) {
        rejects.push({ reason: (error as Error).message, line })
      }
    }
    expect(rejects).toHaveLength(6)
    for (const _ of ['first', 'second']) {
      const ended = await runExample('access-log', ['--json'])
      expect(ended).toMatchObject({ code: 0, stdout: '' })
      expect(summaryOf(ended)).toMatchObject({ ok: true, read: 20_000, acked: 20_000, fallback: 6 })
      expect(textOf('access-log/out/requests.jsonl') === `${requests.join('\n')}\n`).toBe(true)
      const given = textOf('access-log/out/rejects.jsonl').replace(/^{"reason":"map-[01]: /gm, '{"reason":"')
      // The fallback keeps no order.
      expect(linesOf(given).sort()).toEqual(rejects.map((each) => JSON.stringify(each)).sort())
      expect(ended.stderr).toContain('19994 lines in examples/access-log/out/requests.jsonl')
      expect(ended.stderr).toContain('6 lines in examples/access-log/out/rejects.jsonl')
    }
  })
})

describe('stdin-filter', () => {
  test('lets through the lines with the word, in their order', async () => {
    const log = textOf('access-log/access.log')
    const more = { input: log, env: { WORD: '/checkout' } }
    const { code, stdout } = await runExample('stdin-filter', ['--quiet'], more)
    expect(code).toBe(0)
    const wanted = linesOf(log).filter((line) => line.includes('/checkout'))
    expect(wanted.length).toBeGreaterThan(100)
    expect(stdout === `${wanted.join('\n')}\n`).toBe(true)
  })

  test('the word is "error" where none is given', async () => {
    const input = 'an error\nfine\r\nerrors\n\nterror without an end'
    const wanted = { code: 0, stdout: 'an error\nerrors\nterror without an end\n', stderr: '' }
    expect(await runExample('stdin-filter', ['--quiet'], { input })).toEqual(wanted)
  })
})

describe('enrich', () => {
  test('each order once, with its country, and those of a customer in their order', async () => {
    const { code, stdout, stderr } = await runExample('enrich', ['--quiet'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const given = linesOf(stdout).map((line) => JSON.parse(line))
    for (let key = 0; key < 40; key++) {
      const customer = `key-${key}`
      const country = ['de', 'fr', 'in', 'us'][key % 4]
      const wanted = Array.from({ length: 10 }, (_, i) => ({ order: key + 40 * i, customer, country }))
      expect(given.filter((each) => each.customer === customer)).toEqual(wanted)
    }
    expect(given).toHaveLength(400)
  })
})

describe('fan-out', () => {
  test('each item goes where its tags say', async () => {
    expect(await runExample('fan-out', ['--quiet'])).toEqual({
      code: 0,
      stdout: '1 lamp\n2 vase\n4 desk\n4 chair\n',
      stderr: '1 manual\n2 vase\n4 editor\n',
    })
  })

  test('an order without items is acked, and a sample dropped', async () => {
    const summary = { ok: true, read: 4, acked: 4, filtered: 1, dropped: 1, written: 7 }
    expect(summaryOf(await runExample('fan-out', ['--json']))).toMatchObject(summary)
  })
})

describe('custom', () => {
  test('the program runs it, and the segments hold each reading once, in its order', async () => {
    const { code, stdout, stderr } = await runNode(['examples/custom/main.mjs'], { timeoutMs: TIMEOUT_MS })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(linesOf(stdout)[0]).toBe('reader is on thread ingress')
    expect(linesOf(stdout).at(-1)).toBe('2000 readings read, 2000 written, 2000 acked')
    const names = readdirSync(`${ROOT}examples/custom/out`).sort()
    expect(names.every((name) => /^\d{6}\.jsonl$/.test(name))).toBe(true)
    const given = names.flatMap((name) => linesOf(textOf(`custom/out/${name}`)))
    const wanted = Array.from({ length: 2_000 }, (_, i) =>
      JSON.stringify({ sensor: `sensor-${i % 10}`, kelvin: Number((293.15 + (i % 17) / 10).toFixed(2)) }),
    )
    expect(given).toEqual(wanted)
  })

  it('keeps the contracts', async () => {
    const { code, stdout, stderr } = await runNode([
      '--test',
      '--test-reporter=tap',
      'test/process/custom-contracts.mjs',
    ])
    expect(`${stdout}${stderr}`).toMatch(/# fail 0\n/)
    expect(code).toBe(0)
  })
})
