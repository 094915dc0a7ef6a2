import { describe, expect, test } from 'vitest'
import type { OutRecord } from '../../../../src/kafka/driver.js'
import { KafkaError, type KafkaErrorKind } from '../../../../src/kafka/kafka-error.js'
import type { Message } from '../../../../src/kernel/message.js'
import { Queues, type SendResult } from '../../../../src/sinks/kafka/queues.js'

const OVERHEAD = 24
const error = (kind: KafkaErrorKind) => new KafkaError(kind, `it is ${kind}`)
const recordOf = (value: string): OutRecord => ({ key: null, value: Buffer.from(value), headers: [] })

/** One partition for each letter that values begin with. */
function queuesOf(values: readonly string[], batchBytes = 1_000): Queues {
  const queues = new Queues(values.length, batchBytes, 'sink')
  for (const [i, value] of values.entries())
    queues.add(i, { id: value } as Message, recordOf(value), 't', value.charCodeAt(0) - 97)
  return queues
}

/** Sends until nothing is left; gives what was sent, by what the broker says of a batch. `results`: what became of it. */
function sendAll(
  queues: Queues,
  broker: (values: string[]) => KafkaErrorKind | undefined,
  results: SendResult[] = [],
): string[][] {
  const sent: string[][] = []
  for (let sendings = queues.next(); sendings.length > 0; sendings = queues.next()) {
    for (const sending of sendings) {
      const values = sending.batch.records.map(({ value }) => String(value))
      sent.push(values)
      const kind = broker(values)
      results.push(queues.settle(sending, kind && error(kind)))
    }
  }
  return sent
}

const outcomes = (queues: Queues) => queues.responses.map(({ outcome }) => outcome)

test('each partition is one batch, in its order', () => {
  const queues = queuesOf(['a1', 'b1', 'a2', 'b2'])
  expect(queues.bytes).toBe(4 * (OVERHEAD + 2))
  expect(sendAll(queues, () => undefined)).toEqual([
    ['a1', 'a2'],
    ['b1', 'b2'],
  ])
  expect(outcomes(queues)).toEqual(['ok', 'ok', 'ok', 'ok'])
})

test('so is each partition of each topic, in whatever order they come', () => {
  const queues = new Queues(5, 1_000, 'sink')
  for (const [i, [topic, value]] of ['ta', 'ub', 'tc', 'ud', 'te'].entries())
    queues.add(i, { id: value } as Message, recordOf(value), topic, 0)
  expect(
    queues.next().map(({ batch }) => [batch.topic, batch.records.map(({ value }) => String(value))]),
  ).toEqual([
    ['t', ['a', 'c', 'e']],
    ['u', ['b', 'd']],
  ])
})

test('a batch is no larger than it may be, and what is larger by itself goes alone', () => {
  const long = `a${'x'.repeat(200)}`
  const queues = queuesOf(['a1', 'a2', 'a3', long, 'a4'], 2 * (OVERHEAD + 2))
  const first = queues.next()
  expect(first.map(({ isAlone }) => isAlone)).toEqual([false])
  expect(sendAll(queues, () => undefined)).toEqual([['a1', 'a2'], ['a3'], [long], ['a4']])
})

describe('a batch that fails', () => {
  test('stops its partition, and no other', () => {
    const queues = queuesOf(['a1', 'b1', 'a2', 'b2'], OVERHEAD + 2)
    const results: SendResult[] = []
    const sent = sendAll(queues, ([value]) => (value === 'a1' ? 'retriable' : undefined), results)
    expect(sent).toEqual([['a1'], ['b1'], ['b2']])
    expect(results).toEqual(['failed', 'written', 'written'])
    expect(outcomes(queues)).toEqual(['failure', 'ok', 'failure', 'ok'])
  })

  test.each(['too-large', 'rejected'] as const)(
    'as %s is cut until it is known which record it is',
    (kind) => {
      const values = ['a1', 'a2', 'bad', 'a4', 'a5'].map((value) => (value === 'bad' ? 'abad' : value))
      const queues = queuesOf(values)
      const results: SendResult[] = []
      const sent = sendAll(queues, (batch) => (batch.includes('abad') ? kind : undefined), results)
      // All five, the first two, the three that are left, the first of them, and the rest.
      expect(results).toEqual(['divided', 'written', 'divided', 'refused', 'written'])
      expect(outcomes(queues)).toEqual(['ok', 'ok', 'fallback', 'ok', 'ok'])
      expect(String(queues.responses[2].detail)).toContain(`it is ${kind}`)
      const written = sent.filter((batch) => !batch.includes('abad')).flat()
      expect(written).toEqual(['a1', 'a2', 'a4', 'a5'])
    },
  )
})
