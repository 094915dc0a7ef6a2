import { describe, expect, test } from 'vitest'
import { murmur2, partitionOfKey } from '../../../src/kafka/murmur2.js'

/** What Java's org.apache.kafka.common.utils.Utils.murmur2 gives, as its own tests say. */
const HASHES: [text: string, hash: number][] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
]

describe('murmur2', () => {
  test.each(HASHES)('of %s is what Java gives', (text, hash) => {
    expect(murmur2(Buffer.from(text)) | 0).toBe(hash)
  })

  test('the partition is that of the hash without its sign', () => {
    expect(partitionOfKey(Buffer.from('21'), 7)).toBe((-973932308 & 0x7fffffff) % 7)
    expect(partitionOfKey(Buffer.alloc(0), 1)).toBe(0)
  })
})
