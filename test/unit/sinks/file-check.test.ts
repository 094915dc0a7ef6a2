// Before a run: could the file be opened? It is only looked at. And format 'json': what is written can be read again.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readEnvelope } from '../../../src/kernel/envelope.js'
import { createLog } from '../../../src/kernel/log.js'
import { file } from '../../../src/sinks/file.js'
import { makeMessages } from '../../support/messages.js'

const context = { log: createLog(() => {}, 'sink', 'test'), role: 'sink' } as const
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-file-check-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a file that is there, and one that is not yet, can be opened: nothing is made or changed', async () => {
  const [there, missing] = [join(folder, 'there'), join(folder, 'missing')]
  writeFileSync(there, 'a torn line')
  for (const path of [there, missing]) await file({ path }).check?.()
  expect(readdirSync(folder)).toEqual(['there'])
  expect(readFileSync(there, 'utf8')).toBe('a torn line')
})

test.each([
  ['no/where', /: there is no directory .+: create it first$/],
  ['folder', /: it is a directory: give the path of a file in it$/],
  ['there/x', /: there is no directory .+: create it first$/],
])('%s cannot, and open says the same', async (name, says) => {
  mkdirSync(join(folder, 'folder'))
  writeFileSync(join(folder, 'there'), '')
  const error = { code: 'ERR_OPEN', message: expect.stringMatching(says) }
  await expect(file({ path: join(folder, name) }).check?.()).rejects.toMatchObject(error)
  await expect(file({ path: join(folder, name) }).open?.(context)).rejects.toMatchObject(error)
})

test.runIf(process.platform === 'linux')('a FIFO that nobody reads yet does not hold it up', async () => {
  const path = join(folder, 'fifo')
  execFileSync('mkfifo', [path])
  await file({ path }).check?.()
})

test('format json: a line for each message, all of it', async () => {
  const path = join(folder, 'out.jsonl')
  const sink = file({ path, format: 'json' })
  await sink.open?.(context)
  const messages = makeMessages([
    { id: '1', keys: ['a'], headers: { 'millrace-reason': 'bad' }, value: 'two\nlines' },
    { id: '2', value: null },
    { id: '3', tags: ['t'], eventTime: 5, value: Buffer.from([0xff]) },
  ])
  expect((await sink.write(messages)).map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok'])
  await sink.close?.()
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n').map(readEnvelope)
  expect(lines).toMatchObject([
    { id: '1', keys: ['a'], headers: { 'millrace-reason': 'bad' }, value: 'two\nlines' },
    { id: '2', value: null },
    { id: '3', tags: ['t'], eventTime: 5, value: Buffer.from([0xff]) },
  ])
})

test('a format that is none is refused at once', () => {
  const message = "file: format: got \"jsonl\", wanted 'raw' or 'json'"
  expect(() => file({ path: 'x', format: 'jsonl' as never })).toThrow(
    expect.objectContaining({ code: 'ERR_CONFIG', message }),
  )
  expect(existsSync('x')).toBe(false)
})
