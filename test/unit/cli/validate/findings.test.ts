// What validate finds in the environment and in the machine.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { environmentFindings } from '../../../../src/cli/validate/environment.js'
import { errorsOf } from '../../../../src/cli/validate/finding.js'
import { machineFindings } from '../../../../src/cli/validate/machine.js'
import { MillraceError } from '../../../../src/kernel/failure.js'
import { withDefaults } from '../../../../src/topology/defaults.js'
import { thisMachine } from '../../../../src/topology/machine.js'
import { planOf } from '../../../../src/topology/plan.js'
import { ROOT, runNode } from '../../../support/child.js'

const ENVIRONMENT = pathToFileURL(`${ROOT}dist/cli/validate/environment.js`).href

const folder = mkdtempSync(join(tmpdir(), 'millrace-validate-'))
afterAll(() => rmSync(folder, { recursive: true }))
const plain = (findings: ReturnType<typeof environmentFindings>) =>
  findings.map(({ level, message }) => `${level}: ${message}`)

describe('the environment', () => {
  test.each<[Record<string, string>, string[]]>([
    [{}, []],
    [{ MILLRACE_LOG_LEVEL: 'debug', MILLRACE_DEBUG: '1', MILLRACE_STATE: folder, PATH: '/bin' }, []],
    [{ MILLRACE_LOG_LEVEL: '', MILLRACE_OTHER: '' }, []],
    [{ MILLRACE_STATE: join(folder, 'new') }, []],
    [
      { MILLRACE_LOGLEVEL: 'debug' },
      [
        'warning: the environment has an unknown variable MILLRACE_LOGLEVEL; did you mean MILLRACE_LOG_LEVEL?',
      ],
    ],
    [
      { millrace_state: 'x' },
      ['warning: the environment has an unknown variable millrace_state; did you mean MILLRACE_STATE?'],
    ],
    [
      { MILLRACE_TOKEN: 'secret' },
      [
        'warning: the environment has an unknown variable MILLRACE_TOKEN; known are MILLRACE_LOG_LEVEL, MILLRACE_STATE, MILLRACE_DEBUG, MILLRACE_KAFKA, MILLRACE_KAFKA_SOURCE, MILLRACE_KAFKA_SINK',
      ],
    ],
    [
      { MILLRACE_LOG_LEVEL: 'inof' },
      [
        'error: MILLRACE_LOG_LEVEL: got "inof", wanted one of trace, debug, info, warn, error, fatal; did you mean info?',
      ],
    ],
    [
      { MILLRACE_LOG_LEVEL: 'loud' },
      ['error: MILLRACE_LOG_LEVEL: got "loud", wanted one of trace, debug, info, warn, error, fatal'],
    ],
    [{ MILLRACE_KAFKA: 'kafkajs', MILLRACE_KAFKA_SOURCE: 'platformatic', MILLRACE_KAFKA_SINK: '' }, []],
    [
      { MILLRACE_KAFKA_SINK: 'platformatc' },
      [
        'error: MILLRACE_KAFKA_SINK: got "platformatc", wanted one of kafkajs, platformatic; did you mean platformatic?',
      ],
    ],
    [{ MILLRACE_DEBUG: 'yes' }, ['warning: MILLRACE_DEBUG: got "yes", wanted 1, or nothing']],
  ])('%j', (env, wanted) => {
    expect(plain(environmentFindings(env))).toEqual(wanted)
  })

  test('a state that is a file', () => {
    const path = join(folder, 'file')
    writeFileSync(path, '')
    expect(plain(environmentFindings({ MILLRACE_STATE: path }))).toEqual([
      `error: MILLRACE_STATE: got ${JSON.stringify(path)}, which is no directory, wanted the path of one`,
    ])
  })

  test.skipIf(process.platform === 'win32')('a state that may not be made', async () => {
    const locked = join(folder, 'locked')
    mkdirSync(locked, { mode: 0o555 })
    chmodSync(folder, 0o755)
    // Root may write anywhere, so it becomes somebody else.
    const script = `
      const { environmentFindings } = await import(${JSON.stringify(ENVIRONMENT)})
      if (process.getuid() === 0) process.setuid(65534)
      const messagesOf = (path) => environmentFindings({ MILLRACE_STATE: path }).map(({ message }) => message)
      console.log(JSON.stringify(process.argv.slice(1).flatMap(messagesOf)))`
    const paths = [locked, join(locked, 'a/b')]
    const { stdout, stderr } = await runNode(['--input-type=module', '-e', script, ...paths])
    expect(JSON.parse(stdout), stderr).toEqual(
      paths.map(
        (path) =>
          `MILLRACE_STATE: got ${JSON.stringify(path)} (EACCES: permission denied, access '${locked}'), wanted the path of a directory`,
      ),
    )
  })

  test.each([
    ['18.20.4', ['error: Node: got 18.20.4, wanted 20.19 or later']],
    ['20.18.3', ['error: Node: got 20.18.3, wanted 20.19 or later']],
    ['20.19.0', []],
    ['22.0.0', []],
  ])('Node %s', (version, wanted) => {
    expect(plain(environmentFindings({}, version))).toEqual(wanted)
  })
})

describe('the machine', () => {
  const topology = withDefaults(
    {
      name: 'a',
      source: { read: () => null },
      map: { handler: () => undefined, threads: 4 },
      sink: { write: () => [] },
    },
    { cores: 2, memoryBytes: 1e12 },
  )
  const plan = planOf(topology)

  test.each<[number, number, string[]]>([
    [4, 1e12, []],
    [2, 1e12, ['warning: topology "a": 4 map threads on 2 cores']],
    [
      8,
      1.2 * plan.memoryBytes,
      [
        `warning: topology "a": the mailboxes need 57 MiB, and this process may use 68 MiB: lower limits.messageBytes, or use fewer threads`,
      ],
    ],
    [
      8,
      plan.memoryBytes - 1,
      [
        `error: topology "a": the mailboxes need 57 MiB, and this process may use 57 MiB: lower limits.messageBytes, or use fewer threads`,
      ],
    ],
  ])('%d cores and %d bytes', (cores, memoryBytes, wanted) => {
    expect(plain(machineFindings(topology, plan, { cores, memoryBytes }))).toEqual(wanted)
  })

  test('this one has some of both', () => {
    const { cores, memoryBytes } = thisMachine()
    expect(cores).toBeGreaterThan(0)
    expect(memoryBytes).toBeGreaterThan(1e8)
    expect(Number.isFinite(memoryBytes)).toBe(true)
  })
})

test('each error that is summed up in one is a finding', () => {
  const [a, b] = [new MillraceError('ERR_OPEN', 'a'), new MillraceError('ERR_CONFIG', 'b\nc')]
  const both = new MillraceError('ERR_OPEN', 'a; b', { cause: new AggregateError([a, b]) })
  expect(errorsOf(both).map(({ code, message }) => `${code} ${message}`)).toEqual([
    'ERR_OPEN a',
    'ERR_CONFIG b',
    'ERR_CONFIG c',
  ])
})

test('each line of a configuration error is a finding; other errors are one', () => {
  expect(errorsOf(new MillraceError('ERR_CONFIG', 'a\nb')).map(({ message }) => message)).toEqual(['a', 'b'])
  expect(errorsOf(new MillraceError('ERR_OPEN', 'a\nb')).map(({ message }) => message)).toEqual(['a\nb'])
  const refused = new AggregateError([new Error('::1 refused'), new Error('127.0.0.1 refused')])
  expect(errorsOf(new MillraceError('ERR_OPEN', 'a', { cause: refused }))).toMatchObject([{ message: 'a' }])
  expect(errorsOf(null)).toMatchObject([{ level: 'error', code: 'ERR_BUG', message: 'null' }])
})
