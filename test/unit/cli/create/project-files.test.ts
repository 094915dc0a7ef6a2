// The files of a project, and where they are written.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { projectFiles } from '../../../../src/cli/create/project-files.js'
import { TEMPLATES } from '../../../../src/cli/create/template-names.js'
import { writeProject } from '../../../../src/cli/create/write-project.js'
import { createVerb } from '../../../../src/cli/create.js'
import { version } from '../../../../src/cli/version.js'
import { MAIN, runNode } from '../../../support/child.js'
import { fakeIo } from '../fake-io.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-create-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe.each(TEMPLATES.map(({ name }) => name))('%s', (template) => {
  test.each([false, true])('TypeScript: %s', (isTypeScript) => {
    const files = projectFiles(template, { name: 'shop', isTypeScript })
    const ext = isTypeScript ? 'ts' : 'mjs'
    const code = Object.keys(files).filter((name) => name.endsWith(`.${ext}`))
    expect(code).toEqual(expect.arrayContaining([`topology.${ext}`, `outbox.${ext}`, `outbox.test.${ext}`]))
    expect('tsconfig.json' in files).toBe(isTypeScript)
    const { name, dependencies, scripts } = JSON.parse(files['package.json'])
    expect({ name, dependencies }).toEqual({ name: 'shop', dependencies: { millrace: `^${version()}` } })
    for (const test of code.filter((each) => each.includes('.test.')))
      expect(scripts.test).toContain(test.replace(/ts$/, 'js'))
    for (const text of Object.values(files)) expect(text).toMatch(/[^\n]\n$/)
    // What is in one language only.
    for (const each of code)
      expect(/: (string|Message|Sink|number)\b/.test(files[each].replace(/'.*'/g, ''))).toBe(
        isTypeScript && !each.startsWith('topology') && !each.includes('.test.'),
      )
    for (const text of Object.values(files)) expect(text).not.toMatch(/undefined|\[object/)
  })
})

test('a new directory is made, with those above it', async () => {
  await writeProject(join(folder, 'a/b'), 'a/b', { 'x.txt': 'x\n' })
  expect(readFileSync(join(folder, 'a/b/x.txt'), 'utf8')).toBe('x\n')
})

test('an empty one will do, and one that is a new repository', async () => {
  mkdirSync(join(folder, '.git'))
  await writeProject(folder, '.', { 'x.txt': 'x\n' })
  expect(readdirSync(folder).sort()).toEqual(['.git', 'x.txt'])
})

test('where one cannot be written, none is left, nor a directory', async () => {
  const files = { 'a.txt': 'a', 'not/there.txt': 'b' }
  for (const directory of ['.', 'new/project'])
    await expect(writeProject(join(folder, directory), directory, files)).rejects.toMatchObject({
      code: 'ERR_OPEN',
    })
  expect(readdirSync(folder)).toEqual([])
})

test.skipIf(!existsSync('/proc/self/stat'))('a place that takes no directories is told at once', async () => {
  const { code, stderr } = await runNode([MAIN, 'create', '/proc/a/project'], { timeoutMs: 10_000 })
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringMatching(/^ERR_OPEN create: \/proc\/a\/project: ENOENT/),
  })
})

test.skipIf(process.platform === 'win32')(
  'what is to be typed next is quoted as a shell takes it',
  async () => {
    for (const [directory, typed] of [
      ['plain-1.x', 'plain-1.x'],
      ['sp ace', "'sp ace'"],
      ["it's $x", "'it'\\''s $x'"],
    ]) {
      const io = { ...fakeIo(), cwd: folder }
      await createVerb.main([directory], {}, io)
      expect(io.err()).toContain(`next: cd ${typed} && npm install`)
    }
  },
)

test('nothing is overwritten: what is there is named', async () => {
  for (const name of ['package.json', 'a', 'b', 'c', 'd', 'e']) writeFileSync(join(folder, name), 'mine')
  const error = {
    code: 'ERR_OPEN',
    message: expect.stringContaining('there is a, b, c, d, e and 1 more already'),
  }
  await expect(writeProject(folder, '.', { 'package.json': '{}' })).rejects.toMatchObject(error)
  expect(readFileSync(join(folder, 'package.json'), 'utf8')).toBe('mine')
  expect(readdirSync(folder)).toHaveLength(6)
})

test.each([
  ['shop', 'shop'],
  ['My Shop!', 'my-shop'],
  ['.hidden', 'hidden'],
  ['日本', 'topology'],
])('a project in %s is called %s', async (directory, name) => {
  const io = { ...fakeIo(), cwd: folder }
  expect(await createVerb.main([directory], {}, io)).toBe(0)
  const text = readFileSync(join(folder, directory, 'package.json'), 'utf8')
  expect(JSON.parse(text).name).toBe(name)
  expect(readFileSync(join(folder, directory, 'topology.mjs'), 'utf8')).toContain(`name: '${name}',`)
})
