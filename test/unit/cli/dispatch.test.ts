// The command line is checked before a verb begins; a mistake is one line on stderr and exit code 2.

import { describe, expect, test } from 'vitest'
import { dispatch } from '../../../src/cli/dispatch.js'
import { commandOf, runVerb } from '../../../src/cli/run.js'
import { type OptionValues, UsageError, type Verb } from '../../../src/cli/verb.js'
import { version } from '../../../src/cli/version.js'
import { fakeIo } from './fake-io.js'

type Call = { operands: readonly string[]; options: OptionValues }

async function call(...args: string[]) {
  const calls: Call[] = []
  const verb: Verb = {
    ...runVerb,
    async main(operands, options) {
      calls.push({ operands, options: { ...options } })
      return 7
    },
  }
  const io = fakeIo()
  const code = await dispatch(args, io, [{ name: verb.name, load: async () => verb }])
  return { code, calls, out: io.out(), err: io.err() }
}

describe('a mistake', () => {
  test.each<[args: string[], line: string]>([
    [['rnu', 'a.mjs'], 'millrace: unknown verb "rnu"; did you mean run? (see millrace --help)'],
    [['frobnicate'], 'millrace: unknown verb "frobnicate" (see millrace --help)'],
    [['a.mjs'], 'millrace: unknown verb "a.mjs"; did you mean millrace run a.mjs? (see millrace --help)'],
    [['./a'], 'millrace: unknown verb "./a"; did you mean millrace run ./a? (see millrace --help)'],
    [['--hlep'], 'millrace: unknown option --hlep; did you mean --help? (see millrace --help)'],
    [['--json', 'run'], 'millrace: --json goes after the verb: millrace run --json … (see millrace --help)'],
    [['run'], 'millrace run: <module> is missing (see millrace run --help)'],
    [['run', 'a.mjs', 'b.mjs'], 'millrace run: "b.mjs" is one argument too many (see millrace run --help)'],
    [
      ['run', 'a.mjs', '--jsn'],
      'millrace run: unknown option --jsn; did you mean --json? (see millrace run --help)',
    ],
    [
      ['run', '--quite', 'a.mjs'],
      'millrace run: unknown option --quite; did you mean --quiet? (see millrace run --help)',
    ],
    [
      ['run', 'a.mjs', '--log=debug'],
      'millrace run: unknown option --log; did you mean --log-level? (see millrace run --help)',
    ],
    [['run', 'a.mjs', '-x'], 'millrace run: unknown option -x (see millrace run --help)'],
    [['help'], 'millrace: unknown verb "help"; did you mean millrace --help? (see millrace --help)'],
    [['help', 'rnu'], 'millrace: unknown verb "help"; did you mean millrace --help? (see millrace --help)'],
    [
      ['help', 'run'],
      'millrace: unknown verb "help"; did you mean millrace run --help? (see millrace --help)',
    ],
    [['version'], 'millrace: unknown verb "version"; did you mean millrace --version? (see millrace --help)'],
    [
      ['run', 'a.mjs', '--restarts', '-1'],
      'millrace run: --restarts is followed by what looks like an option: if that is its value, write --restarts=<count> (see millrace run --help)',
    ],
    [
      ['run', 'a.mjs', '--log-level'],
      'millrace run: --log-level has no value: write --log-level=<level> (see millrace run --help)',
    ],
    [['run', 'a.mjs', '--json=yes'], 'millrace run: --json takes no value (see millrace run --help)'],
  ])('%j', async (args, line) => {
    expect(await call(...args)).toEqual({ code: 2, calls: [], out: '', err: `${line}\n` })
  })

  test('no arguments: the help, on stderr', async () => {
    const { code, out, err } = await call()
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toBe((await call('--help')).out)
  })
})

describe('help and version', () => {
  test.each(['--help', '-h'])('%s lists the verbs', async (option) => {
    const { code, out, err } = await call(option)
    expect(code).toBe(0)
    expect(err).toBe('')
    expect(out).toMatch(/^Usage: millrace <verb> …\n/)
    expect(out).toContain('  run <module>  Run a topology module')
  })

  test.each(['--help', '-h'])('run %s lists its options, and runs nothing', async (option) => {
    const { code, calls, out } = await call('run', option)
    expect(code).toBe(0)
    expect(calls).toEqual([])
    expect(out).toMatch(/^Usage: millrace run <module> \[options\]\n/)
    for (const name of [...Object.keys(runVerb.options), 'help']) expect(out).toContain(`--${name}`)
  })

  test.each(['--version', '-v'])('%s', async (option) => {
    const { code, out } = await call(option)
    expect(code).toBe(0)
    expect(out).toBe(`${version()}\n`)
    expect(out).toMatch(/^\d+\.\d+\.\d+/)
  })
})

test('a verb gets its operands and options, wherever they stand, and its code is the exit code', async () => {
  const { code, calls } = await call('run', '--json', './a.mjs', '--log-level', 'debug')
  expect(code).toBe(7)
  expect(calls).toEqual([{ operands: ['./a.mjs'], options: { json: true, 'log-level': 'debug' } }])
})

describe('the options of run', () => {
  const command = (module: string, options: OptionValues = {}, env: Record<string, string> = {}) =>
    commandOf(module, options, fakeIo({ env }))

  test.each([
    ['topology.mjs', 'file:///srv/topology.mjs'],
    ['./topology.mjs', 'file:///srv/topology.mjs'],
    ['../a b.mjs', 'file:///a%20b.mjs'],
    ['/etc/x.mjs', 'file:///etc/x.mjs'],
  ])('module %s is %s', (module, url) => {
    expect(command(module).url.href).toBe(url)
  })

  test('a level is that of the option, else of the environment, else info', () => {
    expect(command('a').level).toBe('info')
    expect(command('a', {}, { MILLRACE_LOG_LEVEL: '' }).level).toBe('info')
    expect(command('a', {}, { MILLRACE_LOG_LEVEL: 'warn' }).level).toBe('warn')
    expect(command('a', { 'log-level': 'debug' }, { MILLRACE_LOG_LEVEL: 'warn' }).level).toBe('debug')
  })

  test('a level that is none is a mistake', () => {
    const wanted = 'wanted one of trace, debug, info, warn, error, fatal'
    expect(() => command('a', { 'log-level': 'warning' })).toThrow(UsageError)
    expect(() => command('a', { 'log-level': 'warning' })).toThrow(`--log-level: got "warning", ${wanted}`)
    expect(() => command('a', {}, { MILLRACE_LOG_LEVEL: 'inof' })).toThrow(
      `MILLRACE_LOG_LEVEL: got "inof", ${wanted}; did you mean info?`,
    )
  })

  test('threads is 0 or nothing', () => {
    expect(command('a').isInline).toBe(false)
    expect(command('a', { threads: '0' }).isInline).toBe(true)
    expect(() => command('a', { threads: '2' })).toThrow('--threads: got "2", wanted 0 ')
  })

  test.each<[options: OptionValues, hasProgress: boolean, isQuiet: boolean]>([
    [{}, true, false],
    [{ 'no-progress': true }, false, false],
    [{ quiet: true }, false, true],
    [{ json: true }, false, false],
  ])('%j: progress %j, quiet %j', (options, hasProgress, isQuiet) => {
    expect(command('a', options)).toMatchObject({ hasProgress, isQuiet })
  })
})
