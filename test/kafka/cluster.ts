// The cluster of a test file: that of KAFKA_BROKERS, or a broker of its own. Where neither can be, the tests say so on the
// console and are skipped; under CI that is a failure.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestAdmin } from './admin.js'
import { Broker, type BrokerOptions } from './broker/broker.js'
import { install, isInstalled } from './broker/install.js'
import { missingTool } from './broker/tools.js'

const START_MS = 90_000

export type Cluster = {
  /** `host:port`, while tests run. */
  readonly brokers: string
  /** The broker, where it is our own: it may be killed. */
  readonly own: Broker | undefined
}

/** Runs tests with a cluster. `own`: only a broker of our own will do. */
export async function withCluster(
  title: string,
  body: (cluster: Cluster) => void,
  options: BrokerOptions & { own?: boolean } = {},
): Promise<void> {
  const given = options.own === true ? undefined : process.env.KAFKA_BROKERS
  const missing = given === undefined ? await whyNone() : undefined
  if (missing !== undefined) return sayNotRun(title, missing)
  let own: Broker | undefined
  describe(title, () => {
    beforeAll(async () => {
      if (given !== undefined) return
      own = await Broker.start(options)
      await untilGroupsAnswer(own.address)
    }, START_MS)
    afterAll(async () => {
      await own?.remove()
    })
    body({
      get brokers() {
        return given ?? (own as Broker).address
      },
      get own() {
        return own
      },
    })
  })
}

/** The first group makes a broker load what it keeps of groups: until then it refuses all of them. */
async function untilGroupsAnswer(brokers: string): Promise<void> {
  const admin = await TestAdmin.connect(brokers)
  await admin.committedAnywhere('first-group')
  await admin.close()
}

/** Says why there can be no broker of our own; the first time the jars are fetched. */
async function whyNone(): Promise<string | undefined> {
  const missing = await missingTool(!isInstalled())
  if (missing !== undefined) return missing
  return await install().then(
    () => undefined,
    (error: Error) => error.message,
  )
}

function sayNotRun(title: string, why: string): void {
  console.error(`\nNOT RUN: ${title}: ${why}; or give a cluster in KAFKA_BROKERS\n`)
  const isRequired = process.env.CI === 'true'
  test.skipIf(!isRequired)(`${title}: NOT RUN: ${why}`, () => {
    expect.fail(why)
  })
}
