// Before a run: could the files be read, and the checkpoint be kept? They are only looked at.

import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LINES_PARTS } from '../../../../src/sources/lines/lines-source.js'
import { type LinesOptions, linesOf } from '../../../../src/sources/lines.js'

let folder: string
const at = (name: string) => join(folder, name)
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-lines-check-'))
  writeFileSync(at('a'), 'one\n')
  mkdirSync(at('folder'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const check = (options: LinesOptions, stdinFd = 0) => linesOf(options, { ...LINES_PARTS, stdinFd }).check?.()
const openError = (text: string) =>
  expect.objectContaining({ code: 'ERR_OPEN', message: expect.stringContaining(text) })

test('files that are there will do, and a checkpoint that is to be made: it is not made now', () => {
  check({ path: [at('a')] })
  check({ path: at('a'), checkpoint: at('new/deep') })
  check({ path: at('a'), checkpoint: at('folder') })
  expect(readdirSync(folder)).toEqual(['a', 'folder'])
})

test.each([
  ['b', 'b: no such file'],
  ['folder', 'folder: EISDIR: it is a directory, wanted a file'],
  ['a/b', 'b: ENOTDIR: not a directory'],
])('%s will not', (name, text) => {
  expect(() => check({ path: at(name) })).toThrow(openError(text))
  expect(() => check({ path: [at('a'), at(name)] })).toThrow(openError(text))
})

test('a relative path says where it was looked for', () => {
  expect(() => check({ path: 'no-such-file' })).toThrow(openError(`no such file (${process.cwd()}`))
})

test.runIf(process.platform === 'linux')('a FIFO will not, and does not hold it up', () => {
  execFileSync('mkfifo', [at('fifo')])
  expect(() => check({ path: at('fifo') })).toThrow(openError('it is no regular file'))
})

test('a checkpoint that is a file, or below one, will not', () => {
  expect(() => check({ path: at('a'), checkpoint: at('a') })).toThrow(openError('a: it is no directory'))
  expect(() => check({ path: at('a'), checkpoint: at('a/b/c') })).toThrow(openError('not a directory'))
})

test('all that is wrong is told at once', () => {
  const [none, folderPath] = [at('none'), at('folder')]
  expect(() => check({ path: [none, at('a'), folderPath], checkpoint: at('a') })).toThrow(
    openError(
      `lines: ${none}: no such file; ${folderPath}: EISDIR: it is a directory, wanted a file; checkpoint: ${at('a')}: it is no directory`,
    ),
  )
})

test('stdin that is a directory will not, nor one that is closed', () => {
  const fd = openSync(folder, 'r')
  expect(() => check({}, fd)).toThrow(openError('stdin: EISDIR'))
  closeSync(fd)
  expect(() => check({}, fd)).toThrow(openError('stdin: EBADF'))
})
