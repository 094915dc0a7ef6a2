// Where tsx is found: it is the user's, and lies beside the module, in the working directory, or where it started the process.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tsxApi } from '../../../src/topology/typescript-loader.js'

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-tsx-')))
// This package has a tsx of its own.
const here = process.cwd()
beforeAll(() => process.chdir(directory))
afterAll(() => {
  process.chdir(here)
  rmSync(directory, { recursive: true, force: true })
})

const tsx = join(directory, 'project', 'node_modules', 'tsx')
mkdirSync(join(tsx, 'dist'), { recursive: true })
writeFileSync(join(tsx, 'dist', 'loader.mjs'), '')
writeFileSync(join(tsx, 'dist', 'api.mjs'), '')
writeFileSync(
  join(tsx, 'package.json'),
  JSON.stringify({
    name: 'tsx',
    exports: {
      './package.json': './package.json',
      './esm/api': { import: { types: './dist/api.d.mts', default: './dist/api.mjs' }, require: './no.cjs' },
    },
  }),
)
const api = pathToFileURL(join(tsx, 'dist', 'api.mjs')).href
const inside = pathToFileURL(join(directory, 'project', 'a.ts'))
const outside = pathToFileURL(join(directory, 'a.ts'))

test('beside the module', () => {
  expect(tsxApi('tsx', inside)?.href).toBe(api)
})

test('where it started the process from', () => {
  const loader = join(tsx, 'dist', 'loader.mjs')
  expect(tsxApi(loader, outside)?.href).toBe(api)
  expect(tsxApi(pathToFileURL(loader).href, outside)?.href).toBe(api)
})
