// Mailbox and doorbell under all interleavings of two or three threads, each atomic access a step, on the built kernel: every
// record arrives once, whole and in order, and nobody sleeps while there is work left. The safety time-out of a wait never comes
// here. Then the same with a broken protocol, which must be found. Accesses are sequentially consistent, as Atomics are.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BuiltKernels } from './interleavings/built-kernel.js'
import { type Explored, explore } from './interleavings/explorer.js'
import { MUTANTS } from './interleavings/mutants.js'
import type { Scenario } from './interleavings/scenario.js'
import { SCENARIOS } from './interleavings/scenarios.js'
import { storyOf } from './interleavings/story.js'

let kernels: BuiltKernels

beforeAll(() => {
  kernels = new BuiltKernels()
})
afterAll(() => kernels.close())

function figures({ runs, states, steps, longest, failure }: Explored): string {
  const ended = failure
    ? `the one that fails has ${failure.story.length} accesses`
    : `the longest has ${longest} steps`
  return `${runs} schedules run, ${states} states, ${steps} steps; ${ended}`
}

function told({ failure }: Explored, scenario: Scenario): string | undefined {
  return failure && `${failure.what}\n${storyOf(failure.story, scenario)}`
}

describe('in every schedule all records arrive, and nobody sleeps over work', () => {
  for (const scenario of Object.values(SCENARIOS)) {
    it(scenario.name, async () => {
      const explored = await explore(scenario, kernels.with([]))
      console.log(`${scenario.name}: ${figures(explored)}`)
      expect(told(explored, scenario)).toBeUndefined()
      expect(explored.states).toBeGreaterThan(300)
    })
  }
})

describe('what the explorer leaves out', () => {
  for (const scenario of [SCENARIOS.one, SCENARIOS.two]) {
    it(`is no state: ${scenario.name}`, async () => {
      const kernel = kernels.with([])
      const [all, reduced] = [await explore(scenario, kernel, false), await explore(scenario, kernel)]
      console.log(
        `${scenario.name}: ${all.schedules} schedules in all, of which ${all.runs} were run, or ${reduced.runs}`,
      )
      expect(reduced.states).toBe(all.states)
      expect(reduced.runs).toBeLessThan(all.runs)
    })
  }
})

describe('a broken protocol is found', () => {
  for (const { name, scenario, changes, found } of MUTANTS) {
    it(name, async () => {
      const explored = await explore(SCENARIOS[scenario], kernels.with(changes))
      console.log(`${name}: ${figures(explored)}\n${told(explored, SCENARIOS[scenario])}`)
      expect(explored.failure?.what).toMatch(found)
    })
  }
})
