// Makes clients of kafkajs, and listens to what they log: it is the only place where kafkajs tells some things.

import kafkajs, { type Admin, type Kafka, type KafkaConfig, type LogEntry } from 'kafkajs'
import type { Log } from '../../kernel/log.js'
import type { ConnectionOptions } from '../connection.js'
import { kafkajsError } from './kafkajs-error.js'
import { loginOf } from './kafkajs-login.js'
import { KafkajsSockets } from './kafkajs-sockets.js'
import { mendRequestQueue } from './mend-request-queue.js'

/** What is logged under these names and levels means something to a driver. */
export type Told = {
  /** The group has told this member its partitions, under this generation. */
  assignment?: (generation: number) => void
  /** A connection has ended unasked. */
  connectionLost?: () => void
  /** A broker does not know a topic that is read. */
  topicLost?: () => void
}

const { Kafka: KafkaClass, logLevel } = kafkajs
/** What kafkajs calls UNKNOWN_TOPIC_OR_PARTITION in a log line. */
const NO_TOPIC = 'This server does not host this topic-partition'
const RETRY = { retries: 2, initialRetryTime: 100, maxRetryTime: 1_000 }

export function createClient(
  connection: ConnectionOptions,
  requestTimeoutMs: number,
  log: Log,
  told: Told,
): { kafka: Kafka; sockets: KafkajsSockets } {
  mendRequestQueue()
  const sockets = new KafkajsSockets()
  const { brokers, clientId, tls, sasl, connectTimeoutMs } = connection
  const config: KafkaConfig = {
    brokers: brokers.slice(),
    clientId,
    connectionTimeout: connectTimeoutMs,
    authenticationTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    socketFactory: sockets.factory,
    retry: RETRY,
    // All levels: the generation is told in a line of the lowest one. Building a line costs little beside a request.
    logLevel: logLevel.DEBUG,
    logCreator: () => (entry) => listen(entry, log, told, sockets),
  }
  if (tls !== undefined) config.ssl = tls
  if (sasl !== undefined) config.sasl = loginOf(sasl, connection, sockets)
  return { kafka: new KafkaClass(config), sockets }
}

/** Gives the number of a topic's partitions. Rejects with a KafkaError of the kind unknown-topic where there is none. */
export async function countPartitions(admin: Admin, topic: string): Promise<number> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    return topics[0].partitions.length
  } catch (thrown) {
    throw kafkajsError(thrown)
  }
}

function listen(
  { namespace, level, log: line }: LogEntry,
  log: Log,
  told: Told,
  sockets: KafkajsSockets,
): void {
  if (level === logLevel.DEBUG) {
    // The event of a join does not tell the generation: https://github.com/tulios/kafkajs/pull/95.
    if (namespace === 'ConsumerGroup' && line.message === 'Received assignment')
      told.assignment?.(Number(line.generationId))
    return
  }
  if (level === logLevel.INFO) return
  if (level === logLevel.ERROR) {
    if (namespace === 'Connection') tellOfConnection(line, told)
    if (namespace === 'Consumer' && line.message.startsWith('Crash:')) void sockets.endSoon()
  }
  // Only the text: the fields hold whole requests.
  log.debug(`kafkajs: ${line.message}`)
}

function tellOfConnection({ message, error }: LogEntry['log'], told: Told): void {
  if (!message.startsWith('Response ')) told.connectionLost?.()
  else if (message.startsWith('Response Fetch') && error === NO_TOPIC) told.topicLost?.()
}
