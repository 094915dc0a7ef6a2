// The contract of a sink as a suite: what the runtime relies on, one case a rule. Bound to no test runner.

import { register } from './runner.js'
import { ANSWER_CASES, LAST_SINK_CASE } from './sink-answer-cases.js'
import type { SinkCase } from './sink-case.js'
import { SinkKit } from './sink-kit.js'
import { LIFE_CASES } from './sink-life-cases.js'
import type { MakeSink, SinkContractOptions } from './sink-options.js'
import { randomSinkCase } from './sink-random-case.js'
import { TRUTH_CASES } from './sink-truth-cases.js'
import { VALUE_CASES } from './sink-value-cases.js'

/** A runner that takes a time-out gets one that the suite's own deadlines come before. */
const CALLS_MAX = 20

/**
 * Registers the cases of the sink contract with a test runner; call it at the top level of a test file:
 * `sinkContract(() => mySink(), { describe, it })`.
 *
 * `make` gives a fresh sink for every case: the sink itself, or `{ sink, accepted, refused, cleanup }`. With `accepted` the
 * suite also sees whether each ok is true; with `refused` it sees what a failure does to the messages beside it. What it
 * can't see it says on the console (`NOT RUN`). With fast-check installed it also writes random batches, and prints the seed.
 *
 * A case fails with an AssertionError that names the rule, the ids and what was wanted.
 */
export function sinkContract(make: MakeSink, options: SinkContractOptions): void {
  const { name = 'sink contract', timeoutMs = 30_000 } = options
  register(
    options,
    name,
    casesFor(make, options),
    (one) => runSinkCase(one, make, options),
    timeoutMs * CALLS_MAX,
  )
}

function casesFor(make: MakeSink, options: SinkContractOptions): SinkCase[] {
  const cases = [...ANSWER_CASES, ...VALUE_CASES, ...TRUTH_CASES, ...LIFE_CASES]
  if (options.role === 'fallback' || options.role === 'onSuccess') cases.push(LAST_SINK_CASE)
  if (options.runs !== 0) cases.push(randomSinkCase(make, options))
  return cases
}

async function runSinkCase(one: SinkCase, make: MakeSink, options: SinkContractOptions): Promise<void> {
  const kit = new SinkKit(make, options)
  try {
    await one.check(kit, one.name)
  } finally {
    await kit.end()
  }
}
