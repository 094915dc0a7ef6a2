// A member of a group: what it is assigned, and what it commits.

import { type DriverCase, rejection, requireEqual } from './driver-case.js'
import { type DriverKit, type Member, numbered } from './driver-kit.js'

export const GROUP_CASES: readonly DriverCase[] = [
  { name: 'what is committed is what the group goes on with', check: commits },
  { name: 'a commit under another generation is refused', check: oldGeneration },
  { name: 'two members share, and whoever is left gets all', check: share },
  { name: 'members of one group may read different topics', check: differentTopics },
  { name: 'a rebalance is told before it has happened, and then a later generation', check: rebalance },
  { name: 'a member that leaves is missed at once', check: leaves },
  { name: 'no group or topic that is not there: open says so', check: unknownTopic },
  { name: 'nobody there: open rejects, and it may be tried again', check: nobodyThere },
]

async function commits(kit: DriverKit, rule: string): Promise<void> {
  const topic = await kit.topic(3)
  const groupId = kit.group()
  for (const partition of [0, 1]) await kit.write(topic, numbered(10), partition)
  const { consumer, generation, ...first } = await readAll(kit, topic, groupId, 20)
  const partitions = [2, 0, 1].map((partition) => ({ topic, partition }))
  requireEqual(rule, 'what is committed at first', await consumer.committed(partitions), [
    undefined,
    undefined,
    undefined,
  ])
  await consumer.commit(generation, [
    { topic, partition: 0, offset: 7n },
    { topic, partition: 1, offset: 10n },
  ])
  requireEqual(rule, 'what is committed', await consumer.committed(partitions), [undefined, 7n, 10n])
  requireEqual(rule, 'failures', first.failures, 0)
}

async function readAll(kit: DriverKit, topic: string, groupId: string, count: number) {
  const member = await kit.joined(topic, groupId)
  await kit.until('all are read', () => member.records.length === count)
  const failures = member.told.filter(({ what }) => what === 'failed').length
  return { member, consumer: member.consumer, generation: member.generation, failures }
}

async function oldGeneration(kit: DriverKit, rule: string): Promise<void> {
  const topic = await kit.topic()
  const groupId = kit.group()
  await kit.write(topic, numbered(10))
  const { consumer, generation } = await readAll(kit, topic, groupId, 10)
  const position = { topic, partition: 0, offset: 5n }
  const error = await rejection(rule, consumer.commit(generation - 1, [position]))
  requireEqual(rule, 'the kind of the error', error.kind, 'fenced')
  requireEqual(rule, 'what is committed', await consumer.committed([position]), [undefined])
}

async function share(kit: DriverKit, rule: string): Promise<void> {
  const topic = await kit.topic(4)
  const groupId = kit.group()
  const one = await kit.joined(topic, groupId)
  requireEqual(rule, 'partitions of the only member', one.assignedCount, 4)
  const other = await kit.joined(topic, groupId)
  await kit.until('they share', () => one.assignedCount === 2 && other.assignedCount === 2)
  await kit.until('under one generation', () => one.generation === other.generation)
  await one.consumer.close()
  await kit.until('the one that is left has all', () => other.assignedCount === 4)
}

/** As while a topic is added, process by process: who shares out may know only the old one. */
async function differentTopics(kit: DriverKit, rule: string): Promise<void> {
  const [topic, added] = [await kit.topic(2), await kit.topic(3)]
  const groupId = kit.group()
  const one = await kit.joined(topic, groupId)
  const other = await kit.joined(added, groupId)
  await kit.until('each has its own', () => one.assignedCount === 2 && other.assignedCount === 3)
  await kit.until('under one generation', () => one.generation === other.generation)
  const failures = [...one.told, ...other.told].filter(({ what }) => what === 'failed').length
  requireEqual(rule, 'failures', failures, 0)
}

async function rebalance(kit: DriverKit, rule: string): Promise<void> {
  const topic = await kit.topic(2)
  const groupId = kit.group()
  await kit.write(topic, numbered(10), 0)
  const one = await kit.joined(topic, groupId)
  const before = one.generation
  await kit.until('all are read', () => one.records.length === 10)
  const committed = commitWhenTold(one, topic)
  await kit.joined(topic, groupId)
  await kit.until('a later generation is told', () => one.generation > before)
  requireEqual(rule, 'what was told before the last assignment', one.told.at(-2)?.what, 'rebalancing')
  requireEqual(rule, 'the error of a commit as it is told', await committed, undefined)
}

/** What is settled is committed as the partitions are about to be revoked. */
function commitWhenTold(member: Member, topic: string): Promise<unknown> {
  return new Promise((resolve) => {
    const { generation } = member
    member.rebalancing = () => {
      member.told.push({ what: 'rebalancing' })
      member.consumer.commit(generation, [{ topic, partition: 0, offset: 5n }]).then(resolve, resolve)
    }
  })
}

async function leaves(kit: DriverKit, rule: string): Promise<void> {
  const topic = await kit.topic()
  const groupId = kit.group()
  const one = await kit.joined(topic, groupId)
  await one.consumer.close()
  const other = await kit.joined(topic, groupId)
  requireEqual(rule, 'partitions of the next member', other.assignedCount, 1)
  requireEqual(rule, 'health', other.consumer.health(), { joined: true, reconnects: 0 })
}

async function unknownTopic(kit: DriverKit, rule: string): Promise<void> {
  const error = await rejection(rule, kit.member('there-is-none', kit.group()).consumer.open())
  requireEqual(rule, 'the kind of the error', error.kind, 'unknown-topic')
  requireEqual(rule, 'the message names it', String(error.message).includes('there-is-none'), true)
}

async function nobodyThere(kit: DriverKit, rule: string): Promise<void> {
  const error = await rejection(rule, kit.member('any', kit.group(), '127.0.0.1:1').consumer.open())
  requireEqual(rule, 'the kind of the error of a consumer', error.kind, 'retriable')
  requireEqual(rule, 'the message says why', String(error.message).includes('ECONNREFUSED'), true)
  const other = await rejection(rule, kit.producer('none', '127.0.0.1:1').open())
  requireEqual(rule, 'the kind of the error of a producer', other.kind, 'retriable')
  requireEqual(rule, 'its message says why', String(other.message).includes('ECONNREFUSED'), true)
}
