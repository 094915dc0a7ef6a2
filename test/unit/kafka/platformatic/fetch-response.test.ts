// The answer to a fetch, through the readers of the client's versions.

import { expect, test } from 'vitest'
import { parseFetchResponse } from '../../../../src/kafka/platformatic/fetch-response.js'
import { CLIENTS } from './clients.js'

const ID = '00112233-4455-6677-8899-aabbccddeeff'
const NOT_LEADER = 6

const int16 = (value: number) => Buffer.from([value >> 8, value & 0xff])
const int32 = (value: number) => Buffer.from([value >> 24, value >> 16, value >> 8, value])
const int64 = (value: bigint) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

function varint(value: number): Buffer {
  return value < 0x80 ? Buffer.from([value]) : Buffer.from([(value & 0x7f) | 0x80, ...varint(value >>> 7)])
}

const list = (elements: readonly Buffer[]) => Buffer.concat([varint(elements.length + 1), ...elements])
const tag = (number: number, content: Buffer) =>
  Buffer.concat([varint(number), varint(content.length), content])
const tags = (...all: Buffer[]) => Buffer.concat([varint(all.length), ...all])

type Partition = { index: number; error?: number; aborted?: Buffer; records: Buffer; tags?: Buffer }

function partition({
  index,
  error = 0,
  aborted = varint(0),
  records,
  tags: own = tags(),
}: Partition): Buffer {
  const offsets = [int64(2n ** 40n), int64(9n), int64(1n)]
  const content = [varint(records.length + 1), records]
  return Buffer.concat([int32(index), int16(error), ...offsets, aborted, int32(-1), ...content, own])
}

function answer(partitions: readonly Buffer[], own = tags()): Buffer {
  const topic = Buffer.concat([Buffer.from(ID.replaceAll('-', ''), 'hex'), list(partitions), own])
  return Buffer.concat([int32(0), int16(0), int32(0), list([topic]), own])
}

const wanted = (partitionIndex: number, more = {}) => ({
  ...{ partitionIndex, errorCode: 0, highWatermark: 2n ** 40n, lastStableOffset: 9n, logStartOffset: 1n },
  ...{ abortedTransactions: [], preferredReplica: -1, records: Buffer.alloc(0) },
  ...more,
})

test.each(CLIENTS)('of $name is read, whatever tags are in it', async ({ load }) => {
  const { Reader } = await load()
  const leader = tag(1, Buffer.concat([int32(2), int32(7), tags()]))
  const aborted = list([Buffer.concat([int64(5n), int64(8n), tags(tag(9, Buffer.alloc(200)))])])
  const bytes = answer(
    [
      partition({ index: 0, error: NOT_LEADER, records: Buffer.alloc(0), tags: tags(leader) }),
      partition({
        index: 300,
        aborted,
        records: Buffer.alloc(1_000, 'r'),
        tags: tags(leader, tag(2, leader)),
      }),
      partition({ index: 2, records: Buffer.from('last') }),
    ],
    tags(tag(0, Buffer.from('nodes'))),
  )
  expect(parseFetchResponse(1, 1, 17, Reader.from(bytes) as never)).toEqual({
    errorCode: 0,
    responses: [
      {
        topicId: ID,
        partitions: [
          wanted(0, { errorCode: NOT_LEADER }),
          wanted(300, {
            abortedTransactions: [{ producerId: 5n, firstOffset: 8n }],
            records: Buffer.alloc(1_000, 'r'),
          }),
          wanted(2, { records: Buffer.from('last') }),
        ],
      },
    ],
  })
})

test.each(CLIENTS)(
  'that ends too early, or has an impossible length, is refused by $name',
  async ({ load }) => {
    const { Reader } = await load()
    const parse = (bytes: Buffer) => parseFetchResponse(1, 1, 17, Reader.from(bytes) as never)
    const whole = answer([partition({ index: 0, records: Buffer.from('records') })])
    expect(parse(whole).responses.length).toBe(1)
    // The tags at its very end are not looked at.
    for (let bytes = 0; bytes < whole.length - 1; bytes++)
      expect(() => parse(whole.subarray(0, bytes)), String(bytes)).toThrow()
    const tooLong = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f])
    expect(() => parse(Buffer.concat([int32(0), int16(0), int32(0), tooLong]))).toThrow('a length of -1')
  },
)
