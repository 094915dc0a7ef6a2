// The account of the other tests, tested: what is built is broken in one place, and it must find that. Each mutant is a copy of dist
// with a text replaced; it is above the drivers, so one of them is enough.

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Edit } from '../simulation/mutants.js'
import { TestAdmin } from './admin.js'
import { withCluster } from './cluster.js'
import { TESTED_DRIVERS } from './drivers.js'
import { Ledger } from './ledger.js'
import { PIPE, pipeEnv } from './pipe.js'
import { Project } from './project.js'
import { until } from './until.js'
import { zombie } from './zombie.js'

const COUNT = 3_000
const NACKS = `
import { defineTopology, kafka, Response } from 'millrace'
const { BROKERS: brokers, FROM: topics, GROUP: groupId } = process.env
export default defineTopology({
  name: 'nacks',
  source: kafka({ brokers, topics, groupId, commitEveryMs: 200 }),
  sink: {
    write: (batch) => batch.map((message) => {
      if (message.text() === 'first' && message.delivery === 0)
        return Response.nack(message, { reason: 'later', delayMs: 50 })
      console.log('written ' + message.text())
      return Response.ok(message)
    }),
  },
})
`

type Scenario = (brokers: string, admin: TestAdmin, project: Project) => Promise<void>

/** It dies in the middle: what is committed is written. */
const killed: Scenario = async (brokers, admin, project) => {
  const ledger = await Ledger.begin(admin, COUNT, 3)
  const running = project.run('pipe.mjs', pipeEnv(brokers, ledger, { slowMs: 100 }))
  try {
    await until('some are committed', () => ledger.committedCount > 0)
    await running.kill()
    await ledger.requireNoLoss()
  } finally {
    await running.kill()
    await ledger.end()
  }
}

/** A record is read again as it was nacked: those behind it are written once. */
const nacked: Scenario = async (brokers, admin, project) => {
  const from = await admin.topic(1)
  const rest = Array.from({ length: 20 }, (_, i) => ({ value: `of ${i}.` }))
  await admin.write(from, [{ value: 'first' }, ...rest])
  const running = project.run('nacks.mjs', { BROKERS: brokers, FROM: from, GROUP: `g-${from}` })
  await running.says('written first')
  // What lies behind them in the log is written after all that came again.
  await admin.write(from, [{ value: 'last' }])
  await running.says('written last')
  expect(await running.stop(), running.text).toBe(0)
  expect(running.text.match(/written of 7\./g), 'written').toHaveLength(1)
}

const LANE = 'sources/kafka/lane.js'
const TRACKER = 'kafka/tracker.js'

const MUTANTS: readonly { name: string; edit: Edit; scenario: Scenario; seen: RegExp }[] = [
  {
    name: 'who missed a generation goes on where it was',
    edit: { file: LANE, find: ' && generation === this.generation + 1', replace: '' },
    scenario: zombie,
    seen: /went back|committed at last|all is committed/,
  },
  {
    name: 'more is committed than the low watermark',
    edit: {
      file: TRACKER,
      find: 'return this.#head === this.#tail ? this.#next : this.#offsets[this.#head];',
      replace: 'return this.#next;',
    },
    scenario: killed,
    seen: /is committed, and was not written/,
  },
  {
    name: 'the client commits by itself',
    edit: {
      file: 'kafka/kafkajs/kafkajs-consumer.js',
      find: 'autoCommit: false',
      replace: 'autoCommit: true, autoCommitThreshold: 1',
    },
    scenario: killed,
    seen: /is committed, and was not written/,
  },
  {
    name: 'what comes again is given again',
    edit: { file: LANE, find: "=== 'known')", replace: "=== 'never')" },
    scenario: nacked,
    seen: /written/,
  },
]

await withCluster('kafka mutants', (cluster) => {
  let admin: TestAdmin
  beforeAll(async () => {
    admin = await TestAdmin.connect(cluster.brokers)
  })
  afterAll(() => admin.close())

  async function play(scenario: Scenario, edits: readonly Edit[]): Promise<void> {
    const project = await Project.make(TESTED_DRIVERS[0], edits)
    try {
      await project.file('pipe.mjs', PIPE)
      await project.file('nacks.mjs', NACKS)
      await scenario(cluster.brokers, admin, project)
    } finally {
      await project.remove()
    }
  }

  test.each([
    ['killed', killed],
    ['nacked', nacked],
  ])('sound: %s', (_, scenario) => play(scenario, []))

  for (const { name, edit, scenario, seen } of MUTANTS)
    test(`found: ${name}`, { timeout: 150_000 }, async () => {
      await expect(play(scenario, [edit])).rejects.toThrow(seen)
    })
})
