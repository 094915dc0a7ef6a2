// Thousands of random topologies, each in a schedule of its own, with deaths at every crash point: no promise is broken.
// SEED and RUNS of the environment change what is played; a failing seed is played again with the command that is printed.

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CRASH_POINTS } from '../../src/kernel/crash.js'
import { type Campaign, playCampaign, pointsNotSeen } from '../../src/testing/simulation/campaign.js'
import { playScript } from '../../src/testing/simulation/play-script.js'
import { checkSeed, seedOfRun } from '../../src/testing/simulation/seeds.js'
import { ROOT } from '../support/child.js'

const RUNS = Number(process.env.RUNS ?? 2_000)
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))

describe('simulation', { timeout: 600_000 }, () => {
  it(`keeps every promise in ${RUNS} runs (seed ${SEED})`, async () => {
    console.info(`simulation: seed ${SEED}, runs ${RUNS}`)
    const campaign = await playCampaign({ seed: SEED, runs: RUNS, play: playScript, failuresMax: 1 })
    expect(storyOf(campaign)).toBe('')
    expect(campaign.runs).toBe(RUNS)
    expect(campaign.schedules).toBeGreaterThan(RUNS * 0.99)
    expect(campaign.lostRings).toBeGreaterThan(0)
    expect(campaign.duplicates).toBeGreaterThan(0)
    if (RUNS >= 2_000) expect(pointsNotSeen(campaign)).toEqual([])
  })

  it('knows every crash point that there is', () => {
    const files = readdirSync(`${ROOT}src`, { recursive: true, encoding: 'utf8' })
    const text = files
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(`${ROOT}src/${path}`, 'utf8'))
      .join('\n')
    const named = [...text.matchAll(/\bcrashPoint\('([^']+)'\)/g)].map(([, name]) => name)
    expect([...new Set(named)].sort()).toEqual([...CRASH_POINTS].sort())
  })

  it('plays the same for the same seed, and any run of a campaign by itself', async () => {
    for (let run = 0; run < 20; run++) {
      const seed = seedOfRun(SEED, run)
      const [one, other] = [await playScript(seed), await playScript(seedOfRun(seed, 0))]
      expect(one).toEqual(other)
    }
  })
})

describe('a seed', () => {
  it.each([0, 1, 2 ** 32 - 1])('may be %d', (seed) => {
    checkSeed(seed)
  })

  it.each([-1, 0.5, 2 ** 32, Number.NaN, '7', undefined])('may not be %s', (seed) => {
    expect(() => checkSeed(seed)).toThrow(/^seed: got .*, wanted a whole number from 0 to 4,294,967,295$/)
  })
})

function storyOf({ failures: [failure] }: Campaign): string {
  if (failure === undefined) return ''
  const again = `npm run simulate -- --seed ${failure.seed} --runs 1`
  return `${failure.trace.join('\n')}\n${failure.error.stack ?? failure.error.message}\nRun it again: ${again}`
}
