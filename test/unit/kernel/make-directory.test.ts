// A directory, with those above it.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeDirectory, removeDirectories } from '../../../src/kernel/make-directory.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-directory-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('it gives those that it has made, and they can be removed again', () => {
  const made = makeDirectory(join(folder, 'a/b/c'))
  expect(made).toEqual([join(folder, 'a'), join(folder, 'a/b'), join(folder, 'a/b/c')])
  expect(makeDirectory(join(folder, 'a/b'))).toEqual([])
  removeDirectories(made)
  expect(readdirSync(folder)).toEqual([])
})

test('one that is not empty is left, with those above it', () => {
  const made = makeDirectory(join(folder, 'a/b/c'))
  writeFileSync(join(folder, 'a/b/file'), '')
  removeDirectories(made)
  expect(existsSync(join(folder, 'a/b/c'))).toBe(false)
  expect(readdirSync(join(folder, 'a'))).toEqual(['b'])
})

test('where a file is in the way nothing is made', () => {
  writeFileSync(join(folder, 'file'), '')
  expect(() => makeDirectory(join(folder, 'file/a/b'))).toThrow('ENOTDIR')
  mkdirSync(join(folder, 'a'))
  expect(() => makeDirectory(join(folder, 'a', `b/${'x'.repeat(300)}`))).toThrow('ENAMETOOLONG')
  expect(readdirSync(join(folder, 'a'))).toEqual([])
})
