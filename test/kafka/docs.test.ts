// The pages whose programs need a broker: they run, and print what the page says.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { ROOT } from '../support/child.js'
import { followPage, needsBroker } from '../support/page.js'
import { TestAdmin } from './admin.js'
import { withCluster } from './cluster.js'

const TOPICS = ['orders', 'priced', 'dead']
const PARTITIONS = 6
const PAGES = readdirSync(`${ROOT}docs`, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.md') && needsBroker(textOf(path)),
)

function textOf(path: string): string {
  return readFileSync(join(ROOT, 'docs', path), 'utf8')
}

test('there are such pages', () => {
  expect(PAGES.length).toBeGreaterThan(1)
})

await withCluster(
  'kafka documents',
  (cluster) => {
    let admin: TestAdmin
    beforeAll(async () => {
      admin = await TestAdmin.connect(cluster.brokers)
      return () => admin.close()
    })

    // One after the other: each finds the topics as its reader does, empty.
    test.each(PAGES)(
      '%s does what it says',
      async (path) => {
        for (const topic of TOPICS) await admin.topic(PARTITIONS, {}, topic)
        try {
          await followPage(textOf(path), cluster.brokers)
        } finally {
          await admin.admin.deleteTopics({ topics: TOPICS })
        }
      },
      180_000,
    )
  },
  { own: true },
)
