// Before a run: could the files be read, and the checkpoint be kept? They are only looked at.

import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LINES_PARTS, type LinesOptions, linesOf } from '../../../../src/sources/lines.js'

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

test('files that are there will do, and a checkpoint that is to be made: it is not made now', async () => {
  await check({ path: [at('a')] })
  await check({ path: at('a'), checkpoint: at('new/deep') })
  await check({ path: at('a'), checkpoint: at('folder') })
  expect(readdirSync(folder)).toEqual(['a', 'folder'])
})

test.each([
  ['b', 'b: no such file'],
  ['folder', 'folder: EISDIR: it is a directory, wanted a file'],
])('%s will not', async (name, text) => {
  await expect(check({ path: at(name) })).rejects.toThrow(openError(text))
  await expect(check({ path: [at('a'), at(name)] })).rejects.toThrow(openError(text))
})

test('a relative path says where it was looked for', async () => {
  await expect(check({ path: 'no-such-file' })).rejects.toThrow(openError(`no such file (${process.cwd()}`))
})

test.runIf(process.platform === 'linux')('a FIFO will not, and does not hold it up', async () => {
  execFileSync('mkfifo', [at('fifo')])
  await expect(check({ path: at('fifo') })).rejects.toThrow(openError('it is no regular file'))
})

test('a path below a file will not: a file that is not there, say newer versions of Node', async () => {
  const told = /a\/b: (?:ENOTDIR: not a directory|no such file)/
  await expect(check({ path: at('a/b') })).rejects.toThrow(told)
  await expect(check({ path: [at('a'), at('a/b')] })).rejects.toThrow(told)
})

test('a checkpoint that is a file, or below one, will not', async () => {
  await expect(check({ path: at('a'), checkpoint: at('a') })).rejects.toThrow(
    openError('a: it is no directory'),
  )
  await expect(check({ path: at('a'), checkpoint: at('a/b/c') })).rejects.toThrow(/(?:not a|no) directory/)
})

test('all that is wrong is told at once', async () => {
  const [none, folderPath] = [at('none'), at('folder')]
  await expect(check({ path: [none, at('a'), folderPath], checkpoint: at('a') })).rejects.toThrow(
    openError(
      `lines: ${none}: no such file; ${folderPath}: EISDIR: it is a directory, wanted a file; checkpoint: ${at('a')}: it is no directory`,
    ),
  )
})

test('stdin that is a directory will not, nor one that is closed', async () => {
  const fd = openSync(folder, 'r')
  await expect(check({}, fd)).rejects.toThrow(openError('stdin: EISDIR'))
  closeSync(fd)
  await expect(check({}, fd)).rejects.toThrow(openError('stdin: EBADF'))
})
