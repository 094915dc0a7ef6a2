// The workflow runs what package.json promises: from the floor of `engines` on, and only scripts that are there.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../support/child.js'

const workflow = readFileSync(join(ROOT, '.github/workflows/ci.yml'), 'utf8')
const { engines, scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  engines: { node: string }
  scripts: Record<string, string>
}

test('the lowest Node is that of engines', () => {
  const [lowest] = /node: \[(.+)\]/.exec(workflow)?.[1].split(', ') ?? []
  expect(`>=${lowest.replace(/\.0$/, '')}`).toBe(engines.node)
})

test('its scripts exist', () => {
  const commands = [...workflow.matchAll(/- run: (.+)/g)].map(([, command]) => command)
  expect(commands).toContain('npm test')
  for (const command of commands) {
    const name = /^npm run (\S+)$/.exec(command)?.[1] ?? (command === 'npm test' ? 'test' : undefined)
    if (name === undefined) expect(command).toBe('npm ci')
    else expect(Object.keys(scripts)).toContain(name)
  }
})

test('it may read the code and nothing else, and pins each action to a major version', () => {
  expect(workflow).toMatch(/^permissions:\n {2}contents: read\n$/m)
  expect(workflow.match(/: write/g)).toBeNull()
  const actions = [...workflow.matchAll(/uses: (.+)/g)].map(([, action]) => action)
  expect(actions.filter((action) => !/^actions\/[\w-]+@v\d+$/.test(action))).toEqual([])
})

test('it runs without a shell of its own: Windows has another', () => {
  expect(workflow).not.toMatch(/\b(bash|&&|\|\||export |rm )/)
})
