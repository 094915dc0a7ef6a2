// What is taken of a fetch that becomes too much, or has a place that cannot be read.

import { expect, test } from 'vitest'
import { fetchedBatch } from '../../../../src/kafka/platformatic/fetched.js'
import { encodeBatch } from '../../../../src/kafka/record-batch.js'

const place = { topic: 't', partition: 0, generation: 1, fetchOffset: 5n }

async function logOf(count: number): Promise<Buffer[]> {
  const batches: Buffer[] = []
  for (let i = 0; i < count; i++) {
    const batch = await encodeBatch(
      [{ key: null, value: Buffer.from(`v${i}`), headers: [] }],
      1,
      'gzip',
      (all) => all,
    )
    batch.writeBigInt64BE(place.fetchOffset + BigInt(i), 0)
    batches.push(batch)
  }
  return batches
}

const fetched = (batches: readonly Buffer[]) => ({
  ...{ partitionIndex: 0, errorCode: 0, highWatermark: 9n, lastStableOffset: 9n, abortedTransactions: [] },
  records: Buffer.concat(batches),
})
const plain = (_: unknown, bytes: Buffer) => bytes

test('where there is no more room, the rest is left for the next fetch', async () => {
  let room = 2
  const batch = fetchedBatch(place, fetched(await logOf(4)), plain, () => room-- > 0)
  expect(batch).toMatchObject({ nextOffset: 7n, records: [{ offset: 5n }, { offset: 6n }] })
  expect(fetchedBatch(place, fetched(await logOf(4)), plain, () => false)).toBeUndefined()
})

test('what is before a batch that cannot be read is read, and then the batch says where it is', async () => {
  const batches = await logOf(3)
  batches[1][batches[1].length - 1]++
  const always = () => true
  const first = fetchedBatch(place, fetched(batches), plain, always)
  expect(first).toMatchObject({ nextOffset: 6n, records: [{ offset: 5n }] })
  const next = { ...place, fetchOffset: 6n }
  expect(() => fetchedBatch(next, fetched(batches.slice(1)), plain, always)).toThrow('wrong checksum')
})
