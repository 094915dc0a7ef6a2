// What the suites need of a test runner, and how a suite is registered with one.

import type { Case } from './case.js'

/**
 * The two functions of a test runner that a suite is registered with: those of vitest, jest, mocha, node:test and
 * bun:test fit. A case fails by rejecting. `timeoutMs` is for runners that take it (mocha and node:test ignore it).
 */
export type TestRunner = {
  describe: (name: string, body: () => void) => unknown
  it: (name: string, body: () => Promise<void>, timeoutMs?: number) => unknown
}

/** Registers cases under a title: `run` gets each when the runner asks for it. */
export function register<C extends Case>(
  runner: TestRunner,
  title: string,
  cases: readonly C[],
  run: (one: C) => Promise<void>,
  timeoutMs: number,
): void {
  runner.describe(title, () => {
    for (const one of cases) runner.it(one.name, () => run(one), timeoutMs)
  })
}
