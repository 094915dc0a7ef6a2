// The token: where it comes from, what is accepted, and that a new file is read without a restart.

import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BearerToken } from '../../../src/http/bearer-token.js'
import { createLog, type LogRecord } from '../../../src/kernel/log.js'

const VARIABLE = 'MILLRACE_TEST_TOKEN'
let directory: string
let file: string
let nowMs = 0
let logs: LogRecord[]
const clock = { now: () => nowMs }
const log = createLog((record) => logs.push(record), 'http', 'test')

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-token-'))
  file = join(directory, 'token')
  logs = []
})
afterEach(() => {
  rmSync(directory, { recursive: true })
  delete process.env[VARIABLE]
})

const fromFile = (text: string) => {
  writeFileSync(file, text)
  return new BearerToken('http: auth', { tokenFile: file }, log, clock)
}
const later = () => {
  nowMs += 1_001
}

describe('accepts', () => {
  test.each([
    ['the token', 'Bearer secret', true],
    ['any case of the scheme', 'bearer secret', true],
    ['spaces around it', 'Bearer   secret ', true],
    ['another one', 'Bearer secreT', false],
    ['the beginning of it', 'Bearer secre', false],
    ['more than it', 'Bearer secretsecret', false],
    ['none', undefined, false],
    ['an empty one', 'Bearer ', false],
    ['no scheme', 'secret', false],
    ['another scheme', 'Basic secret', false],
    ['two', 'Bearer secret secret', false],
    ['two joined', 'Bearer secret, Bearer secret', false],
  ])('%s: %s', (_, header, isGood) => {
    process.env[VARIABLE] = 'secret'
    const token = new BearerToken('http: auth', { tokenEnv: VARIABLE }, log, clock)
    expect(token.accepts(header)).toBe(isGood)
  })

  test('any line of a file', () => {
    const token = fromFile('\n  new \r\nold\n\n')
    expect(['new', 'old', 'other'].map((one) => token.accepts(`Bearer ${one}`))).toEqual([true, true, false])
  })
})

describe('a file that changes', () => {
  test('is read again, at most once a second', () => {
    const token = fromFile('one')
    writeFileSync(file, 'another')
    expect(token.accepts('Bearer another')).toBe(false)
    later()
    expect(token.accepts('Bearer another')).toBe(true)
    expect(token.accepts('Bearer one')).toBe(false)
  })

  test('by a link that leads elsewhere, as a mounted secret does', () => {
    const [first, second] = ['first', 'second'].map((name) => {
      writeFileSync(join(directory, name), name)
      return join(directory, name)
    })
    symlinkSync(first, file)
    const token = new BearerToken('http: auth', { tokenFile: file }, log, clock)
    symlinkSync(second, join(directory, 'next'))
    renameSync(join(directory, 'next'), file)
    later()
    expect([token.accepts('Bearer first'), token.accepts('Bearer second')]).toEqual([false, true])
  })

  test.each([
    ['empty', () => writeFileSync(file, '')],
    ['gone', () => rmSync(file)],
    ['too large', () => writeFileSync(file, 'x'.repeat(70_000))],
  ])('and is %s leaves the token as it was, with one warning, until it is good again', (_, spoil) => {
    const token = fromFile('one')
    spoil()
    for (let i = 0; i < 3; i++) {
      later()
      expect(token.accepts('Bearer one')).toBe(true)
    }
    expect(logs.map(({ level }) => level)).toEqual(['warn'])
    writeFileSync(file, 'two')
    later()
    expect([token.accepts('Bearer one'), token.accepts('Bearer two')]).toEqual([false, true])
    expect(JSON.stringify(logs)).not.toMatch(/one"|two"/)
  })
})

describe('ERR_CONFIG', () => {
  test.each([
    [
      'a variable that is not set',
      undefined,
      `tokenEnv: the environment variable ${VARIABLE} is not set, or empty`,
    ],
    ['an empty variable', ' ', `tokenEnv: the environment variable ${VARIABLE} is not set, or empty`],
    ['a token with a space', 'a b', 'holds a token with characters that no header can carry'],
    ['a token that is not ASCII', 'grün', 'holds a token with characters that no header can carry'],
  ])('for %s', (_, value, message) => {
    if (value !== undefined) process.env[VARIABLE] = value
    const make = () => new BearerToken('http: auth', { tokenEnv: VARIABLE }, log, clock)
    expect(make).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringContaining(message) }),
    )
    expect(make).toThrow(/^http: auth: /)
  })

  test.each([
    ['an empty file', '\n\n', 'holds no token'],
    ['too many', 'x\n'.repeat(17), 'holds 17 tokens, wanted at most 16'],
  ])('for %s', (_, text, message) => {
    expect(() => fromFile(text)).toThrow(`http: auth: tokenFile: ${JSON.stringify(file)} ${message}`)
  })

  test('for a file that is not there', () => {
    const make = () => new BearerToken('http: auth', { tokenFile: file }, log, clock)
    expect(make).toThrow(/^http: auth: tokenFile: ".*token" cannot be read: ENOENT/)
  })
})
