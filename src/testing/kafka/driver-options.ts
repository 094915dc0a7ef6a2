// What the user of the drivers' suite gives to it.

import type { Driver } from '../../kafka/driver.js'
import type { TestRunner } from '../runner.js'

export type KafkaDriverContractOptions = TestRunner & {
  /** A cluster on which topics may be made and removed: `host:port`, several with commas. */
  brokers: string | (() => string)
  /** A driver, or the name of one. */
  driver: 'kafkajs' | 'platformatic' | (() => Promise<Driver>)
  /** Title of the suite. Default 'kafka driver contract'. */
  name?: string
  /** How long a case waits for anything, in ms. Default 20,000. */
  timeoutMs?: number
}
