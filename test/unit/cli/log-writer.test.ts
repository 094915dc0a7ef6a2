// Log records: JSON lines, or one line for people on a terminal.

import { describe, expect, test } from 'vitest'
import { createLogWriter, logLine } from '../../../src/cli/log-writer.js'
import { createLog, type LogLevel } from '../../../src/kernel/log.js'
import { fakeIo } from './fake-io.js'

function logAt(level: LogLevel, isTTY: boolean, env: Record<string, string> = {}) {
  const io = fakeIo({ isTTY, env })
  let clears = 0
  const log = createLog(
    createLogWriter(io, level, () => clears++),
    'sink',
    'egress',
  )
  return { log, lines: () => io.err().split('\n').slice(0, -1), clears: () => clears }
}

describe('as JSON', () => {
  test('a line has level, time, actor, thread, the fields and the message', () => {
    const { log, lines } = logAt('info', false)
    log.warn('slow', { ms: 5, actor: 'other' })
    expect(lines()).toHaveLength(1)
    const { time, ...rest } = JSON.parse(lines()[0])
    expect(time).toBeTypeOf('number')
    expect(rest).toEqual({ level: 'warn', ms: 5, actor: 'sink', thread: 'egress', msg: 'slow' })
  })

  test('what is below the level is left out', () => {
    const { log, lines } = logAt('warn', false)
    for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) log[level](level)
    expect(lines().map((line) => JSON.parse(line).msg)).toEqual(['warn', 'error', 'fatal'])
  })

  test('an error keeps its message, and what JSON cannot hold does no harm', () => {
    const { log, lines } = logAt('info', false)
    const circle: Record<string, unknown> = { big: 5n }
    circle.self = circle
    log.info('odd', { error: new TypeError('no'), circle })
    expect(JSON.parse(lines()[0])).toMatchObject({
      error: { name: 'TypeError', message: 'no' },
      circle: { big: 5 },
    })
  })
})

describe('on a terminal', () => {
  test('a line has time, level, actor, thread, the message and the fields', () => {
    const { log, lines, clears } = logAt('info', true, { NO_COLOR: '1' })
    log.info('opened', { path: '/a b', count: 2, ok: true, none: null })
    expect(lines()).toEqual(['12:03:04.056 INFO  sink egress: opened path="/a b" count=2 ok=true none=null'])
    expect(clears()).toBe(1)
  })

  test('what is below the level is left out, and clears nothing', () => {
    const { log, lines, clears } = logAt('error', true)
    log.warn('x')
    log.error('y')
    expect(lines()).toEqual(['\x1b[31m12:03:04.056 ERROR sink egress: y\x1b[39m'])
    expect(clears()).toBe(1)
  })

  test('it is one line, and cannot steer the terminal', () => {
    const line = logLine(
      {
        level: 'info',
        message: 'a\nb\x1b[2Jc\td',
        actor: 'map',
        thread: 'map-0',
        fields: { error: new Error('x\ny') },
      },
      0,
    )
    expect(line).toMatch(/ INFO {2}map map-0: a\\nb\\x1b\[2Jc d error="x\\ny"$/)
  })

  test.each([
    ['map', 'map', 'map: message 5: no', 'map: message 5: no'],
    ['map-0', 'map-0', 'message 5', 'map-0: message 5'],
    ['sink', 'egress', 'sink: refused', 'sink egress: refused'],
    ['sink', 'egress', 'sinking: refused', 'sink egress: sinking: refused'],
  ])('%s on %s says its name once', (actor, thread, message, wanted) => {
    expect(logLine({ level: 'warn', message, actor, thread }, 0)).toMatch(new RegExp(` WARN {2}${wanted}$`))
  })

  test('what JSON cannot hold does no harm', () => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    const fields = { circle, big: 5n, undefined: undefined }
    expect(logLine({ level: 'info', message: 'm', actor: 'a', thread: 't', fields }, 0)).toMatch(
      / a t: m circle="?\[object Object\]"? big=5 undefined=undefined$/,
    )
  })
})
