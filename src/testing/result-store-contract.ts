// The contract of a result store as a suite: what the runtime relies on, one case a rule. Bound to no test runner.

import type { ResultStoreCase } from './result-store-case.js'
import { ResultStoreKit } from './result-store-kit.js'
import { LIFE_CASES } from './result-store-life-cases.js'
import type { MakeResultStore, ResultStoreContractOptions } from './result-store-options.js'
import { randomResultStoreCase } from './result-store-random-case.js'
import { REQUEST_CASES } from './result-store-request-cases.js'
import { RESULT_CASES } from './result-store-result-cases.js'
import { register } from './runner.js'

/** A runner that takes a time-out gets one that the suite's own deadlines come before. */
const CALLS_MAX = 20

/**
 * Registers the cases of the result store contract with a test runner; call it at the top level of a test file:
 * `resultStoreContract(() => myStore(), { describe, it })`.
 *
 * `make` gives a fresh, empty store for every case: the store itself, or `{ store, reopen, cleanup }`. With `reopen` the suite
 * also sees whether a durable store keeps what it said was safe; `limited` says that `make` heeds the time and the room that it
 * is asked for. What the suite can't see it says on the console (`NOT RUN`). With fast-check installed it also makes random
 * calls, and prints the seed.
 *
 * A case fails with an AssertionError that names the rule, the ids and what was wanted.
 */
export function resultStoreContract(make: MakeResultStore, options: ResultStoreContractOptions): void {
  const { name = 'result store contract', timeoutMs = 10_000 } = options
  const cases = [...LIFE_CASES, ...REQUEST_CASES, ...RESULT_CASES]
  if (options.runs !== 0) cases.push(randomResultStoreCase(make, options))
  register(options, name, cases, (one) => runCase(one, make, options), timeoutMs * CALLS_MAX)
}

async function runCase(
  one: ResultStoreCase,
  make: MakeResultStore,
  options: ResultStoreContractOptions,
): Promise<void> {
  const kit = new ResultStoreKit(make, options)
  try {
    await one.check(kit, one.name)
  } finally {
    await kit.end()
  }
}
