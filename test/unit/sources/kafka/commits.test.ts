import { expect, test } from 'vitest'
import type { Consumer, TopicOffset } from '../../../../src/kafka/driver.js'
import { KafkaError, type KafkaErrorKind } from '../../../../src/kafka/kafka-error.js'
import { createLog } from '../../../../src/kernel/log.js'
import { Commits } from '../../../../src/sources/kafka/commits.js'
import { Lane } from '../../../../src/sources/kafka/lane.js'

const PLACE = { topic: 't', partition: 0 }
/** What was resolved has been told. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** One partition of which offsets 0 to 9 are in flight, and a broker that answers when it is told to. */
function scene() {
  const lane = new Lane(PLACE, 0)
  lane.assign(1)
  lane.begin(0, 0)
  const records = Array.from({ length: 10 }, (_, i) => ({
    offset: BigInt(i),
    timestamp: 0,
    key: null,
    value: null,
    headers: [],
  }))
  const batch = { ...PLACE, generation: 1, fetchOffset: 0n, nextOffset: 10n, highWatermark: 10n, records }
  lane.add(batch)
  lane.take(10, 10, () => {})
  const asked: { generation: number; offset: number; answer: (kind?: KafkaErrorKind) => Promise<void> }[] = []
  const commit = (generation: number, [{ offset }]: readonly TopicOffset[]) =>
    new Promise<void>((resolve, reject) => {
      const answer = async (kind?: KafkaErrorKind) => {
        if (kind === undefined) resolve()
        else reject(new KafkaError(kind, 'no'))
        await turn()
      }
      asked.push({ generation, offset: Number(offset), answer })
    })
  const said: string[] = []
  let generation = 1
  const commits = new Commits({
    everyMs: 1_000,
    every: 4,
    log: createLog(({ message }) => said.push(message), 'kafka', 'test'),
    consumer: () => ({ commit }) as unknown as Consumer,
    generation: () => generation,
    lanes: () => [lane],
  })
  const settle = (offset: number) => {
    lane.ack(offset)
    commits.settled(1, 0)
  }
  const setGeneration = (next: number) => {
    generation = next
  }
  return { lane, asked, said, commits, settle, setGeneration }
}

test('it is committed after so many, and after so long, and not without need', async () => {
  const { asked, commits, settle } = scene()
  commits.tick(0)
  await turn()
  expect(asked).toEqual([])
  for (let offset = 0; offset < 4; offset++) settle(offset)
  expect(asked.map(({ offset }) => offset)).toEqual([4])
  await asked[0].answer()
  settle(4)
  commits.tick(999)
  expect(asked.length).toBe(1)
  commits.tick(1_000)
  expect(asked.at(-1)?.offset).toBe(5)
  await asked[1].answer()
  commits.tick(2_000)
  expect(asked.length).toBe(2)
  expect([commits.count, commits.failures]).toEqual([2, 0])
})

test('one that failed is made again, with all that has come since, and said once', async () => {
  const { asked, commits, settle, said } = scene()
  settle(0)
  commits.tick(1_000)
  await asked[0].answer('retriable')
  settle(1)
  commits.tick(2_000)
  await asked[1].answer('retriable')
  commits.tick(3_000)
  await asked[2].answer()
  expect(asked.map(({ offset }) => offset)).toEqual([1, 2, 2])
  expect([commits.count, commits.failures]).toEqual([1, 2])
  expect(said).toEqual([
    'kafka: offsets could not be committed: no: it is tried again',
    'kafka: offsets are committed again',
  ])
})

test('as a rebalance begins it does not wait for the one that is under way; an answer that is overtaken counts for nothing', async () => {
  const { lane, asked, commits, settle } = scene()
  settle(0)
  commits.tick(1_000)
  settle(1)
  commits.tick(1_001)
  expect(asked.length).toBe(1)
  commits.revoking()
  expect(asked.map(({ offset }) => offset)).toEqual([1, 2])
  await asked[1].answer()
  await asked[0].answer()
  expect(lane.committed).toBe(2)
})

test('a partition of another generation is not in it, and that it was fenced is no trouble', async () => {
  const { lane, asked, commits, settle, said, setGeneration } = scene()
  settle(0)
  setGeneration(2)
  commits.tick(1_000)
  await turn()
  expect(asked).toEqual([])
  lane.assign(2)
  commits.tick(2_000)
  expect(asked[0].generation).toBe(2)
  await asked[0].answer('fenced')
  expect(said).toEqual([])
  expect(lane.committed).toBe(0)
})

test('flush comes after what is under way, and has the rest', async () => {
  const { asked, commits, settle } = scene()
  settle(0)
  commits.tick(1_000)
  settle(1)
  let isDone = false
  const flushed = commits.flush().then(() => {
    isDone = true
  })
  await asked[0].answer()
  expect(asked.at(-1)?.offset).toBe(2)
  expect(isDone).toBe(false)
  await asked[1].answer()
  await flushed
})
