// The messages of one write, by partition and in their order, and who of them is to be sent next. What fails stops its partition.

import type { OutBatch, OutRecord } from '../../kafka/driver.js'
import type { KafkaError } from '../../kafka/kafka-error.js'
import type { Message } from '../../kernel/message.js'
import { Response } from '../response.js'
import type { SinkContext } from '../sink.js'
import { isLastResort } from './give-up.js'
import { sizeOf } from './out-record.js'

type Entry = { place: number; message: Message; record: OutRecord; bytes: number }
type Queue = { topic: string; partition: number; entries: Entry[]; from: number; most: number }

/** A batch that is under way. `isAlone`: it may be too large for the broker, and must not take others along. */
export type Sending = { batch: OutBatch; isAlone: boolean; count: number; first: Message; queue: Queue }

/** What became of a batch. divided: it is sent again in halves. refused: one message, which the fallback gets. stuck: one that has none. */
export type SendResult = 'written' | 'failed' | 'divided' | 'refused' | 'stuck'

export class Queues {
  /** About what its records take. */
  bytes = 0
  readonly responses: Response[]
  readonly #batchBytes: number
  readonly #role: SinkContext['role']
  readonly #queues: Queue[] = []
  /** By topic, and by partition. */
  readonly #byTopic = new Map<string, Queue[]>()
  #topic: string | undefined
  #ofTopic: Queue[] = []

  constructor(count: number, batchBytes: number, role: SinkContext['role']) {
    this.responses = new Array(count)
    this.#batchBytes = batchBytes
    this.#role = role
  }

  add(place: number, message: Message, record: OutRecord, topic: string, partition: number): void {
    if (topic !== this.#topic) this.#turnTo(topic)
    let queue = this.#ofTopic[partition]
    if (queue === undefined) {
      queue = { topic, partition, entries: [], from: 0, most: Number.POSITIVE_INFINITY }
      this.#ofTopic[partition] = queue
      this.#queues.push(queue)
    }
    const bytes = sizeOf(record)
    this.bytes += bytes
    queue.entries.push({ place, message, record, bytes })
  }

  /** The next batch of each partition; none when all are answered. */
  next(): Sending[] {
    const sendings: Sending[] = []
    for (const queue of this.#queues) {
      const count = this.#countOf(queue)
      if (count === 0) continue
      const entries = queue.entries.slice(queue.from, queue.from + count)
      const { topic, partition } = queue
      const isAlone = count === 1 && entries[0].bytes > this.#batchBytes
      sendings.push({
        batch: { topic, partition, records: entries.map(({ record }) => record) },
        isAlone,
        count,
        first: entries[0].message,
        queue,
      })
    }
    return sendings
  }

  /** Takes what the brokers said of a batch, and tells what that makes of it. */
  settle({ queue, count }: Sending, error: KafkaError | undefined): SendResult {
    if (error === undefined) {
      this.#answer(queue, count, (message) => Response.ok(message))
      queue.most = Number.POSITIVE_INFINITY
      return 'written'
    }
    const isRefused = error.kind === 'too-large' || error.kind === 'rejected'
    if (isRefused && count > 1) {
      queue.most = count >> 1
      return 'divided'
    }
    const isStuck = isRefused && isLastResort(queue.entries[queue.from].message, this.#role)
    if (!isRefused || isStuck) {
      // Later ones must not overtake it.
      this.#answer(queue, queue.entries.length - queue.from, (message) =>
        Response.failure(message, textOf(queue, error)),
      )
      return isStuck ? 'stuck' : 'failed'
    }
    this.#answer(queue, 1, (message) => Response.fallback(message, textOf(queue, error)))
    queue.most = Number.POSITIVE_INFINITY
    return 'refused'
  }

  #turnTo(topic: string): void {
    const known = this.#byTopic.get(topic)
    this.#topic = topic
    this.#ofTopic = known ?? []
    if (known === undefined) this.#byTopic.set(topic, this.#ofTopic)
  }

  #countOf({ entries, from, most }: Queue): number {
    let bytes = 0
    let count = 0
    while (from + count < entries.length && count < most) {
      bytes += entries[from + count].bytes
      if (count > 0 && bytes > this.#batchBytes) break
      count++
    }
    return count
  }

  #answer(queue: Queue, count: number, answer: (message: Message) => Response): void {
    const end = queue.from + count
    for (; queue.from < end; queue.from++) {
      const { place, message } = queue.entries[queue.from]
      this.responses[place] = answer(message)
    }
  }
}

function textOf({ topic, partition }: Queue, { message }: KafkaError): string {
  return `kafka: ${topic}-${partition}: ${message}`
}
