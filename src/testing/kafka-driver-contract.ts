// The seam to Kafka's clients as a suite: what the source and the sink rely on, one case a rule, against a real cluster.

import { loadDriver } from '../kafka/load-driver.js'
import type { DriverCase } from './kafka/driver-case.js'
import { GROUP_CASES } from './kafka/driver-group-cases.js'
import { DriverKit } from './kafka/driver-kit.js'
import type { KafkaDriverContractOptions } from './kafka/driver-options.js'
import { POSITION_CASES } from './kafka/driver-position-cases.js'
import { PRODUCER_CASES } from './kafka/driver-producer-cases.js'
import { RECORD_CASES } from './kafka/driver-record-cases.js'
import { register } from './runner.js'

/** A runner that takes a time-out gets one that the suite's own deadlines come before. */
const WAITS_MAX = 5

/**
 * Registers the cases of the driver contract with a test runner: does this client, with this cluster, do what Millrace relies
 * on? It makes topics with names of their own, and removes them: `kafkaDriverContract({ brokers, driver: 'kafkajs', describe, it })`.
 */
export function kafkaDriverContract(options: KafkaDriverContractOptions): void {
  const { name = 'kafka driver contract', timeoutMs = 20_000 } = options
  const cases = [...RECORD_CASES, ...POSITION_CASES, ...GROUP_CASES, ...PRODUCER_CASES]
  register(options, name, cases, (one) => runDriverCase(one, options, timeoutMs), timeoutMs * WAITS_MAX)
}

async function runDriverCase(
  one: DriverCase,
  { driver, brokers }: KafkaDriverContractOptions,
  timeoutMs: number,
): Promise<void> {
  const loaded = typeof driver === 'string' ? await loadDriver(driver) : await driver()
  const kit = await DriverKit.make(loaded, typeof brokers === 'string' ? brokers : brokers(), timeoutMs)
  try {
    await one.check(kit, one.name)
  } finally {
    await kit.end()
  }
}
