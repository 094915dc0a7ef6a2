// `millrace replay` on the built command line: what was given up goes on where it was given up, on threads too; whatever ends a
// replay, the next one has what is left.

import { spawn } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Ended, MAIN, ROOT, runNode } from '../support/child.js'

/** Numbers, doubled and then marked. Until `mended` is there, sevens fail in the first stage, and tens in the sink. */
const MODULE = `import { existsSync, appendFileSync } from 'node:fs'
import { defineTopology, file, lines, Response } from ${JSON.stringify(`file://${ROOT}dist/index.js`)}

const double = (message) => {
  const n = Number(message.text())
  if (n % 7 === 0 && !existsSync('mended')) throw new Error('no sevens')
  return { value: String(2 * n), tags: [n > 10 ? 'large' : 'small'] }
}

export default defineTopology({
  name: 'numbers',
  source: lines({ path: 'in.txt', keys: (line) => [line] }),
  map: [
    { name: 'double', threads: 2, handler: double, retry: { attempts: 1 } },
    { name: 'mark', threads: 1, handler: (message) => message.text() + '!' },
  ],
  sink: {
    ordered: true,
    write: (batch) =>
      batch.map((message) => {
        const isRefused = message.text().startsWith('10') && !existsSync('mended')
        if (isRefused) return Response.fallback(message, 'no tens')
        const { id, keys, tags, headers } = message
        appendFileSync('out.jsonl', JSON.stringify({ id, keys, tags, headers, value: message.text() }) + '\\n')
        return Response.ok(message)
      }),
  },
  fallback: file({ path: 'dead.jsonl', format: process.env.FORMAT ?? 'json' }),
})
`

const KAFKA_MODULE = `import { defineTopology, generator, kafka } from ${JSON.stringify(`file://${ROOT}dist/index.js`)}
const sink = kafka({ brokers: 'localhost:1', topic: 't' })
export default defineTopology({ name: 'numbers', source: generator({ count: 1 }), sink })
`

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-replay-'))
  writeFileSync(join(folder, 'topology.mjs'), MODULE)
  writeFileSync(join(folder, 'in.txt'), Array.from({ length: 20 }, (_, i) => `${i + 1}\n`).join(''))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const millrace = (...args: string[]): Promise<Ended> =>
  runNode([MAIN, ...args], { cwd: folder, timeoutMs: 60_000 })
const run = (env: Record<string, string> = {}) =>
  runNode([MAIN, 'run', 'topology.mjs', '--quiet'], { cwd: folder, env, timeoutMs: 60_000 })
const replay = (...args: string[]) => millrace('replay', 'topology.mjs', 'dead.jsonl', ...args)
const mend = () => writeFileSync(join(folder, 'mended'), '')
const textOf = (name: string) => readFileSync(join(folder, name), 'utf8')
const linesOf = (name: string) => (existsSync(join(folder, name)) ? textOf(name).trimEnd().split('\n') : [])
const outputs = () => linesOf('out.jsonl').map((line) => JSON.parse(line))
const values = () => outputs().map(({ value }) => value)
/** Those that hold something: the fallback sink makes its file when it is opened. */
const deadFiles = () =>
  readdirSync(folder).filter((name) => name.startsWith('dead.jsonl') && statSync(join(folder, name)).size > 0)

test.each([
  ['on threads', []],
  ['in one loop', ['--threads', '0']],
])('%s, what was given up goes on where it was given up', async (_where, args) => {
  expect((await run()).code).toBe(0)
  expect(linesOf('dead.jsonl')).toHaveLength(3)
  const before = outputs().length
  mend()
  const { code, stdout, stderr } = await replay(...args)
  expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: '' })
  expect(stderr).toMatch(/\n {2}acked +3\n/)
  expect(stderr).toMatch(/millrace: dead letters: 3 sent; all of them are in dead\.jsonl\.replayed-1\n$/)
  const again = outputs()
    .slice(before)
    .sort((a, b) => a.value.localeCompare(b.value))
  expect(again).toEqual([
    // The sink had given it up: it is neither doubled nor marked again.
    {
      id: '8',
      keys: ['5'],
      tags: ['small'],
      headers: { 'millrace-stage': 'sink', 'millrace-replays': '1' },
      value: '10!',
    },
    {
      id: '12',
      keys: ['7'],
      tags: ['small'],
      headers: { 'millrace-stage': expect.stringMatching(/^double-[01]$/), 'millrace-replays': '1' },
      value: '14!',
    },
    expect.objectContaining({ id: '30', keys: ['14'], tags: ['large'], value: '28!' }),
  ])
  expect(deadFiles()).toEqual(['dead.jsonl.replayed-1'])
})

test('what is given up again is in a new file, with one reason, and counted', async () => {
  await run()
  for (const n of [1, 2]) {
    expect((await replay('--quiet')).code).toBe(0)
    const letters = linesOf('dead.jsonl').map((line) => JSON.parse(line))
    expect(letters.map(({ id }) => id).sort()).toEqual(['12', '30', '8'])
    const [{ headers }] = letters.filter(({ id }) => id === '8')
    expect(headers).toEqual({
      'millrace-reason': 'no tens',
      'millrace-stage': 'sink',
      'millrace-attempts': '1',
      'millrace-replays': String(n),
    })
  }
  expect(deadFiles()).toEqual(['dead.jsonl', 'dead.jsonl.replayed-1', 'dead.jsonl.replayed-2'])
})

test('--only sends some, and the others are back', async () => {
  await run()
  mend()
  const { code, stderr } = await replay('--only', 'reason=sevens', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(stderr.split('\n')[0])).toMatchObject({
    ok: true,
    read: 2,
    acked: 2,
    letters: { sent: 2, putBack: 1, unreadable: 0 },
  })
  expect(stderr).toContain('dead letters: 2 sent, 1 not meant and back in dead.jsonl')
  expect(linesOf('dead.jsonl').map((line) => JSON.parse(line).id)).toEqual(['8'])
})

test('raw lines go through all of it', async () => {
  await run({ FORMAT: 'raw' })
  expect(linesOf('dead.jsonl').sort()).toEqual(['10!', '14', '7'])
  mend()
  writeFileSync(join(folder, 'dead.jsonl'), '7\n14\n')
  rmSync(join(folder, 'out.jsonl'))
  expect((await replay('--quiet')).code).toBe(0)
  expect(
    outputs()
      .map(({ value, headers }) => [value, headers])
      .sort(),
  ).toEqual([
    ['14!', { 'millrace-replays': '1' }],
    ['28!', { 'millrace-replays': '1' }],
  ])
})

test('--from: where all of them begin', async () => {
  writeFileSync(join(folder, 'dead.jsonl'), '7\n14\n')
  mend()
  expect((await replay('--from', 'mark', '--quiet')).code).toBe(0)
  expect(values().sort()).toEqual(['14!', '7!'])
})

test('torn lines are not sent, and said, quiet or not', async () => {
  await run()
  appendFileSync(join(folder, 'dead.jsonl'), '{"millrace":1,"id":"9","val')
  mend()
  const { code, stderr } = await replay('--quiet')
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr:
      'millrace: 1 unreadable, the first in line 4 of dead.jsonl.replayed-1: not sent, only kept there\n',
  })
  expect(linesOf('dead.jsonl.replayed-1')).toHaveLength(4)
})

test('an empty file is left alone, and one that is not there is looked for', async () => {
  writeFileSync(join(folder, 'dead.jsonl'), '')
  expect(await replay()).toEqual({
    code: 0,
    stdout: '',
    stderr: 'millrace: dead.jsonl is empty: there is nothing to send\n',
  })
  expect(readdirSync(folder).sort()).toEqual(['dead.jsonl', 'in.txt', 'topology.mjs'])
  const { code, stderr } = await millrace('replay', 'topology.mjs', 'ded.jsonl')
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('; did you mean dead.jsonl?') })
})

describe('a replay that is ended', () => {
  const COUNT = 2_000
  const IN_FLIGHT = 20
  beforeEach(() => {
    const letterOf = (i: number) =>
      JSON.stringify({ millrace: 1, id: `${i}`, headers: { 'millrace-stage': 'sink' }, value: `v${i}` })
    writeFileSync(
      join(folder, 'dead.jsonl'),
      `${Array.from({ length: COUNT }, (_, i) => letterOf(i)).join('\n')}\n`,
    )
    // Slow enough to be ended in its middle.
    const slow = MODULE.replace("name: 'numbers',", `name: 'numbers', limits: { inFlight: ${IN_FLIGHT} },`)
      .replace('ordered: true,', 'ordered: true, batchMax: 5,')
      .replace(
        'write: (batch) =>',
        'write: async (batch) => (await new Promise((resolve) => setTimeout(resolve, 2)),',
      )
    const closed = slow.replace(
      'return Response.ok(message)\n      }),',
      'return Response.ok(message)\n      })),',
    )
    writeFileSync(join(folder, 'topology.mjs'), closed)
  })

  async function endedBy(signal: NodeJS.Signals): Promise<number | null> {
    const child = spawn(process.execPath, [MAIN, 'replay', 'topology.mjs', 'dead.jsonl', '--quiet'], {
      cwd: folder,
      stdio: 'ignore',
    })
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
    const deadline = performance.now() + 30_000
    while (linesOf('out.jsonl').length < 100) {
      if (performance.now() > deadline) throw new Error('nothing was written within 30 s')
      await new Promise((resolve) => setImmediate(resolve))
    }
    child.kill(signal)
    return ended
  }

  test.each<[NodeJS.Signals, number | null, number]>([
    ['SIGTERM', 0, 0],
    // What was in flight: until an ack is on the disk it counts as that.
    ['SIGKILL', null, IN_FLIGHT],
  ])('by %s goes on where it was', async (signal, code, repeatsMax) => {
    expect(await endedBy(signal)).toBe(code)
    expect(linesOf('out.jsonl').length).toBeLessThan(COUNT)
    expect(deadFiles()).toEqual(['dead.jsonl.replaying', 'dead.jsonl.replaying.position'])
    const next = await replay()
    expect(next.code, next.stderr).toBe(0)
    expect(next.stderr).toMatch(/^millrace: goes on with dead\.jsonl\.replaying, which a replay has left\n/)
    const ids = outputs().map(({ id }) => Number(id))
    expect(new Set(ids).size).toBe(COUNT)
    expect(ids.length - COUNT).toBeLessThanOrEqual(repeatsMax)
    expect(deadFiles()).toEqual(['dead.jsonl.replayed-1'])
  })
})

test('a topic without a name is told before anything is loaded', async () => {
  writeFileSync(join(folder, 'kafka.mjs'), KAFKA_MODULE)
  const { code, stderr } = await millrace('replay', 'kafka.mjs', 'kafka:')
  expect(code).toBe(2)
  expect(stderr).toBe(
    'millrace replay: <file>: got "kafka:", wanted a file, or kafka:<topic> (see millrace replay --help)\n',
  )
})
