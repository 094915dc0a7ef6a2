// A file that is written whole, or not at all.

import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeWhole } from '../../../src/cli/write-whole.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-write-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a new file, and one that was there with its rights', async () => {
  const path = join(folder, 'a.json')
  await writeWhole(path, 'one')
  chmodSync(path, 0o600)
  await writeWhole(path, 'two')
  expect(readFileSync(path, 'utf8')).toBe('two')
  expect(statSync(path).mode & 0o777).toBe(process.platform === 'win32' ? 0o666 : 0o600)
  expect(readdirSync(folder)).toEqual(['a.json'])
})

test('what fails leaves what was there, and nothing beside it', async () => {
  const path = join(folder, 'a.json')
  writeFileSync(path, 'mine')
  // As on a disk that is full, it fails when some of it is written.
  async function* text() {
    yield 'some of it'
    throw new Error('no space')
  }
  await expect(writeWhole(path, text() as unknown as string)).rejects.toThrow('no space')
  expect(readFileSync(path, 'utf8')).toBe('mine')
  expect(readdirSync(folder)).toEqual(['a.json'])
})

test.skipIf(process.platform === 'win32')('a link stays one', async () => {
  writeFileSync(join(folder, 'a.json'), 'mine')
  symlinkSync('a.json', join(folder, 'link.json'))
  await writeWhole(join(folder, 'link.json'), 'new')
  expect(readFileSync(join(folder, 'a.json'), 'utf8')).toBe('new')
  expect(readdirSync(folder).sort()).toEqual(['a.json', 'link.json'])
})
