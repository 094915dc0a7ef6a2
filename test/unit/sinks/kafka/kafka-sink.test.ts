// What the sink says of itself, before a client that says what it is told to.

import { expect, test } from 'vitest'
import type { Driver, OutBatch, Producer } from '../../../../src/kafka/driver.js'
import { KafkaError, type KafkaErrorKind } from '../../../../src/kafka/kafka-error.js'
import { createLog, type LogRecord } from '../../../../src/kernel/log.js'
import { KafkaSink } from '../../../../src/sinks/kafka/kafka-sink.js'
import { type KafkaTopic, settingsOf } from '../../../../src/sinks/kafka/settings.js'
import type { SinkContext } from '../../../../src/sinks/sink.js'
import { makeMessages } from '../../../support/messages.js'

const PARTITIONS = 3
const said: LogRecord[] = []
const log = createLog((record) => said.push(record), 'sink', 'test')

/** `answer`: what is wrong with a batch, if anything. `seen` is called while it is under way. */
function sinkOf(
  answer: (batch: OutBatch) => KafkaErrorKind | undefined,
  seen = () => {},
  topic: KafkaTopic = 't',
  role: SinkContext['role'] = 'sink',
): KafkaSink {
  const producer: Producer = {
    open: async () => {},
    partitionCount: async (topic) => (topic === 'gone' ? 0 : PARTITIONS),
    forget: () => {},
    send: async (batches) => {
      seen()
      return batches.map((batch) => {
        const kind = answer(batch)
        return kind && new KafkaError(kind, 'so it is told')
      })
    },
    health: () => ({ joined: true, reconnects: 4 }),
    close: async () => {},
  }
  const driver: Driver = {
    name: 'kafkajs',
    consumer: () => expect.fail('a sink has no consumer'),
    producer: () => producer,
  }
  return new KafkaSink(settingsOf({ brokers: 'a:1', topic }), driver, { log, role })
}

const messages = (...values: string[]) => makeMessages(values.map((value) => ({ value })))

const valuesOf = ({ records }: OutBatch) => records.map(({ value }) => String(value))

test('what was written, and what is under way', async () => {
  const buffered: number[] = []
  const sink = sinkOf(
    () => undefined,
    () => buffered.push(sink.stats().buffered_bytes),
  )
  await sink.open()
  await sink.write(messages('one', 'two'))
  await sink.write(messages('three'))
  expect(sink.stats()).toEqual({
    records: 3,
    batches: 2,
    batches_failed: 0,
    batches_divided: 0,
    refused: 0,
    buffered_bytes: 0,
    reconnects: 4,
  })
  const [first, second] = buffered
  // The second is one record, the first two.
  expect(first - 2 * second).toBe('onetwo'.length - 2 * 'three'.length)
})

test('what was not', async () => {
  const sink = sinkOf((batch) => (valuesOf(batch).includes('huge') ? 'too-large' : undefined))
  await sink.open()
  await sink.write(messages('a', 'huge'))
  expect(sink.stats()).toMatchObject({ records: 1, batches: 1, batches_divided: 1, refused: 1 })
  const down = sinkOf(() => 'retriable')
  await down.open()
  await down.write(messages('a', 'b'))
  expect(down.stats()).toMatchObject({ records: 0, batches: 0, batches_failed: 1, buffered_bytes: 0 })
})

test('what is behind one of its lane that has no topic is not written, or it would be with each try', async () => {
  const written: string[] = []
  const sink = sinkOf(
    (batch) => {
      written.push(...valuesOf(batch))
      return undefined
    },
    () => {},
    (message) => (message.text() === 'lost' ? 'gone' : 't'),
  )
  await sink.open()
  const specs = [
    ['k', 'first'],
    ['k', 'lost'],
    ['other', 'second'],
    ['k', 'behind'],
  ].map(([key, value]) => ({ value, keys: [key] }))
  const responses = await sink.write([...makeMessages(specs), ...messages('without keys')])
  expect(responses.map(({ outcome }) => outcome)).toEqual(['ok', 'failure', 'ok', 'failure', 'ok'])
  expect(written.sort()).toEqual(['first', 'second', 'without keys'])
})

test('a dead letter that is refused is tried again: behind the fallback there is nothing', async () => {
  const sink = sinkOf(
    (batch) => (valuesOf(batch).includes('huge') ? 'too-large' : undefined),
    () => {},
    (message) => {
      if (message.text() === 'odd') throw new Error('no topic for it')
      return 't'
    },
  )
  await sink.open()
  const letters = ['a', 'huge', 'b', 'odd'].map((value) => ({ value, reason: 'sick' }))
  const responses = await sink.write(makeMessages(letters))
  expect(responses.map(({ outcome }) => outcome)).toEqual(['ok', 'failure', 'failure', 'failure'])
})

test.each(['fallback', 'onSuccess'] as const)(
  'as %s it tries again what is refused, whoever sent it there, and says so once',
  async (role) => {
    said.length = 0
    const sink = sinkOf(
      (batch) => (valuesOf(batch).includes('huge') ? 'too-large' : undefined),
      () => {},
      't',
      role,
    )
    await sink.open()
    for (let tries = 0; tries < 2; tries++) {
      const responses = await sink.write(messages('a', 'huge', 'b'))
      expect(responses.map(({ outcome }) => outcome)).toEqual(['ok', 'failure', 'failure'])
    }
    expect(sink.stats()).toMatchObject({ batches_failed: 2, refused: 0 })
    const errors = said.filter(({ level }) => level === 'error').map(({ message }) => message)
    expect(errors).toEqual([
      expect.stringMatching(
        /^kafka: message 1-2 cannot be written to t-\d, and no fallback is behind .*: raise max\.message\.bytes of the topic$/,
      ),
    ])
  },
)
