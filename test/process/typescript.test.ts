// A topology in TypeScript with `--import tsx`, on threads, as Nodes need it that do not load TypeScript by themselves.

import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { MAIN, ROOT, runNode } from '../support/child.js'

/** Enums are what Node itself never loads. */
const TEXT = `import { blackhole, defineTopology, generator, type Message } from ${JSON.stringify(`file://${ROOT}dist/index.js`)}
enum Name { Typed = 'typed' }
const map = (message: Message) => message
export default defineTopology({ name: Name.Typed, source: generator({ count: 3 }), map, sink: blackhole() })
`

const modules = nodeModules()
const directory = mkdtempSync(join(tmpdir(), 'millrace-typescript-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
if (modules !== undefined) symlinkSync(modules, join(directory, 'node_modules'), 'junction')
for (const name of ['a.ts', 'a.mts']) writeFileSync(join(directory, name), TEXT)

/** Where tsx is installed, if it is. */
function nodeModules(): string | undefined {
  try {
    return join(createRequire(import.meta.url).resolve('tsx/package.json'), '..', '..')
  } catch {
    return undefined
  }
}

describe.skipIf(modules === undefined)('with tsx (skipped where it is not installed)', () => {
  test.each(['a.ts', 'a.mts'])('run %s', async (name) => {
    const ended = await runNode(['--import', 'tsx', MAIN, 'run', '--json', name], { cwd: directory })
    expect(ended, ended.stderr).toMatchObject({ code: 0 })
    expect(JSON.parse(ended.stderr)).toMatchObject({ name: 'typed', acked: 3, ok: true })
  })

  test('validate, by NODE_OPTIONS', async () => {
    const env = { NODE_OPTIONS: '--import tsx' }
    const ended = await runNode([MAIN, 'validate', 'a.mts'], { cwd: directory, env })
    expect(ended, ended.stderr).toMatchObject({ code: 0, stdout: 'ok\n' })
  })
})
