// What a consumer group costs its brokers, by the numbers of processes, partitions and brokers: requests a second, connections,
// and the sizes of what is said in a rebalance. Formulas only: nothing runs. The messages are those of the Kafka protocol, JoinGroup
// v5, SyncGroup v3, Metadata v6 (with more fields they grow by a few bytes), the habits those of our drivers.

import { assignPartitions } from '../../dist/kafka/assignor.js'
import { settingsOf } from '../../dist/sources/kafka/settings.js'

const TOPIC = 'orders'
export const DEFAULTS = settingsOf({ brokers: 'localhost:9092', topics: TOPIC, groupId: 'prices' })

/** src/sources/kafka/kafka-source.ts: how often it asks where the logs end. */
const ENDS_MS = 5_000
/** How long the drivers' consumers believe what they know of a topic. */
const METADATA_MS = { kafkajs: 60_000, platformatic: 30_000 }
const REPLICAS = 3

/** Bytes of the protocol's types. */
const INT16 = 2
const INT32 = 4
const text = (length) => INT16 + length

const UUID = 36
const MEMBER_ID = text(`${DEFAULTS.connection.clientId}-`.length + UUID)
const HOST = text('/255.255.255.255'.length)
/** What a member says as it joins, ConsumerProtocolSubscription v0: version, topics, user data. */
const SUBSCRIPTION = INT16 + INT32 + text(TOPIC.length) + INT32
/** Of Metadata: error, number, leader, replicas, those in sync, those offline. */
const PARTITION_METADATA = INT16 + 2 * INT32 + 2 * (INT32 + REPLICAS * INT32) + INT32

/**
 * Rates are a second. `moved`: partitions that another process has after one has left, `takers`: so many have some of them.
 * `kafkajs` and `platformatic` are what differs by driver.
 */
export function groupCost({ processes, partitions, brokers, settings = DEFAULTS }) {
  const { heartbeatMs, commitEveryMs, fetch } = settings
  const share = partitions / processes
  // Each process has partitions of as many leaders as there can be.
  const leaders = Math.min(brokers, share)
  const { moved, takers } = movesOf(processes, partitions)
  return {
    share,
    heartbeats: perSecond(processes, heartbeatMs),
    commits: perSecond(processes, commitEveryMs),
    // Where each partition has something new each time.
    committedOffsets: perSecond(partitions, commitEveryMs),
    // One request to each leader is always under way, and has an answer after `waitMs` where there is nothing.
    idleFetches: perSecond(processes * leaders, fetch.waitMs),
    moved,
    takers,
    // JoinGroup answers the leader alone with all members.
    joinAnswerBytes: processes * (MEMBER_ID + INT16 + INT32 + SUBSCRIPTION),
    groupRecordBytes: groupRecordBytes(processes, share),
    kafkajs: {
      // Two for the consumer, one of them for fetches alone (kafkajs/src/network/connectionPool.js), and one for its admin.
      connections: (processes * 3 * leaders) / brokers,
      // Its admin can ask only for a whole topic, both ends, from each process (kafkajs/src/admin/index.js).
      askedEnds: perSecond(processes * 2 * partitions, ENDS_MS),
      askedOffsets: takers * partitions,
      metadataBytes: metadataBytes(processes, partitions, METADATA_MS.kafkajs),
    },
    platformatic: {
      // One of the client, and one of the fetch loop.
      connections: (processes * 2 * leaders) / brokers,
      askedEnds: perSecond(partitions, ENDS_MS),
      // Of what a process had before, it knows where to go on.
      askedOffsets: moved,
      metadataBytes: metadataBytes(processes, partitions, METADATA_MS.platformatic),
    },
  }
}

/** How many processes a rate needs, where none is to be busier than `share` of its time. */
export function processesFor(rate, rateOfOne, share) {
  return Math.ceil(rate / (rateOfOne * share))
}

/** For how long what came in a pause is made up for, where processes are busy for `share` of their time. */
export function madeUpMs(pauseMs, share) {
  return (pauseMs * share) / (1 - share)
}

function perSecond(count, everyMs) {
  return (count * 1_000) / everyMs
}

function metadataBytes(processes, partitions, everyMs) {
  return perSecond(processes * partitions * PARTITION_METADATA, everyMs)
}

/** What the coordinator writes into __consumer_offsets after each rebalance: GroupMetadataValue v3. */
function groupRecordBytes(processes, share) {
  const assignment = INT16 + INT32 + text(TOPIC.length) + INT32 + share * INT32 + INT32
  const times = 2 * INT32
  const clientId = text(DEFAULTS.connection.clientId.length)
  const instanceId = INT16
  return (
    processes * (MEMBER_ID + instanceId + clientId + HOST + times + INT32 + SUBSCRIPTION + INT32 + assignment)
  )
}

/** On average over who leaves: the first, the last, and some between. */
function movesOf(processes, partitions) {
  const ids = Array.from({ length: processes }, (_, i) => `m-${String(i).padStart(6, '0')}`)
  const before = ownersOf(ids, partitions)
  const leavers = [0, 0.25, 0.5, 0.75, 1].map((at) => Math.round(at * (processes - 1)))
  const owners = leavers.map((leaver) => ownersOf(ids.toSpliced(leaver, 1), partitions))
  const taken = owners.map((after) => after.filter((owner, partition) => owner !== before[partition]))
  const average = (of) => Math.round(taken.reduce((sum, each) => sum + of(each), 0) / taken.length)
  return { moved: average((each) => each.length), takers: average((each) => new Set(each).size) }
}

function ownersOf(ids, partitions) {
  const owners = new Array(partitions)
  const topics = [{ topic: TOPIC, partitions }]
  for (const [id, assigned] of assignPartitions(new Map(ids.map((each) => [each, [TOPIC]])), topics))
    for (const partition of assigned.get(TOPIC) ?? []) owners[partition] = id
  return owners
}
