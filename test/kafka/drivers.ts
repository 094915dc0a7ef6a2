// The drivers under test: kafkajs, and both versions of @platformatic/kafka that this Node runs.

import type { Driver } from '../../src/kafka/driver.js'
import { kafkajsDriver } from '../../src/kafka/kafkajs/kafkajs-driver.js'
import type { Platformatic } from '../../src/kafka/platformatic/client.js'
import { platformaticDriver } from '../../src/kafka/platformatic/platformatic-driver.js'
import { inFull } from './size.js'

export type TestedDriver = { name: string; package: string | undefined; load: () => Promise<Driver> }

/** Version 2 wants Node 22.22. */
const [major, minor] = process.versions.node.split('.').map(Number)
const hasVersion2 = major > 22 || (major === 22 && minor >= 22)

const platformatic = (version: number): TestedDriver => {
  const name = `platformatic-kafka-${version}`
  const load = async () => await platformaticDriver((await import(name)) as Platformatic)
  return { name: `platformatic ${version}`, package: name, load }
}

const KAFKAJS: TestedDriver = { name: 'kafkajs', package: undefined, load: async () => kafkajsDriver }

/** All that are supported. */
export const TESTED_DRIVERS: readonly TestedDriver[] = [
  KAFKAJS,
  platformatic(1),
  ...(hasVersion2 ? [platformatic(2)] : []),
]

/** For tests of whole processes, which take long: where not all is run, one driver by chance, in one version. SEED chooses, too. */
export const FAULT_DRIVERS: readonly TestedDriver[] = inFull(TESTED_DRIVERS, [
  Number(process.env.SEED ?? Date.now()) % 2 === 0 ? KAFKAJS : platformatic(hasVersion2 ? 2 : 1),
])
