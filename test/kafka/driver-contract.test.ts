// Each driver through the public suite, against a real broker.

import { describe, it } from 'vitest'
import { kafkaDriverContract } from '../../src/testing/kafka-driver-contract.js'
import { withCluster } from './cluster.js'
import { TESTED_DRIVERS } from './drivers.js'

await withCluster('kafka drivers', (cluster) => {
  for (const { name, load } of TESTED_DRIVERS)
    kafkaDriverContract({ name, driver: load, brokers: () => cluster.brokers, describe, it })
})
