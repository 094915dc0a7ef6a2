// The contract of a source as a suite: what the runtime relies on, one case a rule. Bound to no test runner.

import { register } from './runner.js'
import type { SourceCase } from './source-case.js'
import { SourceKit } from './source-kit.js'
import { LIFE_CASES } from './source-life-cases.js'
import type { MakeSource, SourceContractOptions } from './source-options.js'
import { randomSourceCase } from './source-random-case.js'
import { READ_CASES } from './source-read-cases.js'
import { SETTLE_CASES } from './source-settle-cases.js'

/** A runner that takes a time-out gets one that the suite's own deadlines come before. */
const CALLS_MAX = 20

/**
 * Registers the cases of the source contract with a test runner; call it at the top level of a test file:
 * `sourceContract(() => mySource(), { describe, it })`.
 *
 * `make` gives a fresh source for every case, which gives the same records from the beginning: the source itself, or
 * `{ source, expected, cleanup }`. With `expected` the suite also sees whether a record is lost or changed. Of a source that
 * does not end, a case reads `limit` records (`endless` says that it has no end). With fast-check installed it also tries
 * random reads, acks and nacks, and prints the seed. What it can't see it says on the console (`NOT RUN`).
 *
 * A case fails with an AssertionError that names the rule, the partitions and offsets, and what was wanted.
 */
export function sourceContract(make: MakeSource, options: SourceContractOptions): void {
  const { name = 'source contract', timeoutMs = 10_000 } = options
  const cases = [...READ_CASES, ...SETTLE_CASES, ...LIFE_CASES]
  if (options.runs !== 0) cases.push(randomSourceCase(make, options))
  register(options, name, cases, (one) => runSourceCase(one, make, options), timeoutMs * CALLS_MAX)
}

async function runSourceCase(
  one: SourceCase,
  make: MakeSource,
  options: SourceContractOptions,
): Promise<void> {
  const kit = new SourceKit(make, options)
  try {
    await one.check(kit, one.name)
  } finally {
    await kit.end()
  }
}
