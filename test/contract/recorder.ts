// Runs a suite by hand: collects its cases instead of handing them to a runner, and tells which failed, and why.

import type { TestRunner } from '../../src/testing/index.js'

export type Recorded = { titles: string[]; cases: Map<string, () => Promise<void>> }

/** Collects what a suite registers. */
export function recordCases(register: (runner: TestRunner) => void): Recorded {
  const titles: string[] = []
  const cases = new Map<string, () => Promise<void>>()
  register({
    describe: (name, body) => {
      titles.push(name)
      body()
    },
    it: (name, body) => cases.set(name, body),
  })
  return { titles, cases }
}

/** Runs all cases of a suite, one after the other; gives the message of each that failed, by the case's name. */
export async function failuresOf(register: (runner: TestRunner) => void): Promise<Map<string, string>> {
  const failures = new Map<string, string>()
  for (const [name, body] of recordCases(register).cases) {
    try {
      await body()
    } catch (error) {
      failures.set(
        name,
        error instanceof Error && error.name === 'AssertionError' ? error.message : `NOT OURS: ${error}`,
      )
    }
  }
  return failures
}
