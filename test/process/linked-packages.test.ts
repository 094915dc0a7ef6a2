// Packages that are symbolic links, as pnpm, workspaces and `npm link` have them: they find their own dependencies, and are loaded
// once, whatever the command line's output is. A pipe is what a child of this test has.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { MAIN, ROOT, runNode } from '../support/child.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-linked-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(path: string, text: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), text)
}

it('a linked package finds its own dependency while stdout is a pipe', async () => {
  // `inner` is only beside the place that the link leads to.
  write('store/node_modules/outer/index.js', "exports.shout = require('inner').shout\n")
  write('store/node_modules/inner/index.js', 'exports.shout = (text) => text.toUpperCase()\n')
  mkdirSync(join(folder, 'app', 'node_modules'), { recursive: true })
  symlinkSync(join(folder, 'store/node_modules/outer'), join(folder, 'app/node_modules/outer'), 'junction')
  symlinkSync(ROOT, join(folder, 'app/node_modules/millrace'), 'junction')
  write(
    'app/topology.mjs',
    `import { defineTopology, lines, log } from 'millrace'
import { shout } from 'outer'
export default defineTopology({ name: 'linked', source: lines(), map: (message) => shout(message.text()), sink: log() })
`,
  )
  for (const threads of [[], ['--threads', '0']]) {
    const args = [MAIN, 'run', 'topology.mjs', '--quiet', ...threads]
    const { code, stdout, stderr } = await runNode(args, {
      cwd: join(folder, 'app'),
      input: 'one\ntwo\n',
    })
    expect(code, stderr).toBe(0)
    expect(stdout).toBe('ONE\nTWO\n')
  }
})
