// The command: what it prints, and how it ends.

import { describe, expect, it } from 'vitest'
import { playScript } from '../../src/testing/simulation/play-script.js'
import { ROOT, runNode } from '../support/child.js'

const MAIN = `${ROOT}test/simulation/main.mjs`

async function seedWhere(isIt: (injected: number) => boolean): Promise<number> {
  for (let seed = 0; ; seed++) {
    const { crashes, lostRings } = await playScript(seed)
    if (isIt(crashes.size + lostRings)) return seed
  }
}

describe('npm run simulate', { timeout: 60_000 }, () => {
  it('ends with a line of what it played', async () => {
    const { code, stdout } = await runNode([MAIN, '--seed', '7', '--runs', '30'])
    expect(stdout.trim().split('\n').at(-1)).toMatch(
      /^seed 7, runs 30, schedules 30, crashes [1-9]\d*, failures 0$/,
    )
    expect(stdout).toMatch(/^cell\.recover-tail +\d+$/m)
    expect(code).toBe(0)
  })

  it('gives the same as JSON', async () => {
    const { stdout } = await runNode([MAIN, '--seed', '7', '--runs', '30', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ seed: 7, runs: 30, schedules: 30, failures: [] })
  })

  it('says how it is called', async () => {
    const { code, stdout } = await runNode([MAIN, '--help'])
    expect(stdout).toMatch(/^Usage: npm run simulate/)
    for (const option of ['seed', 'runs', 'minutes', 'failures', 'json', 'verbose'])
      expect(stdout).toContain(`--${option} `)
    expect(code).toBe(0)
  })

  it('fails where it injected nothing', async () => {
    const seed = await seedWhere((injected) => injected === 0)
    const { code, stderr } = await runNode([MAIN, '--seed', String(seed), '--runs', '1'])
    expect(stderr).toMatch(/Nothing was injected/)
    expect(code).toBe(1)
    const other = await seedWhere((injected) => injected > 0)
    expect((await runNode([MAIN, '--seed', String(other), '--runs', '1'])).code).toBe(0)
  })

  it.each([
    ['--seed', '-1'],
    ['--seed', '4294967296'],
    ['--seed', 'x'],
    ['--seed', ''],
    ['--runs', '0'],
    ['--minutes', 'x'],
    ['--what'],
  ])('ends with 2 for %s %s', async (...args) => {
    const { code, stdout, stderr } = await runNode([MAIN, ...args])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).not.toBe('')
  })
})
