import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Compression } from '../../../src/kafka/codecs/compression.js'
import { lz4Compression } from '../../../src/kafka/codecs/lz4.js'
import { snappyCompression } from '../../../src/kafka/codecs/snappy.js'
import { loadZstd } from '../../../src/kafka/codecs/zstd.js'

const COMPRESSIONS: [name: string, load: () => Promise<Compression>][] = [
  ['snappy', async () => snappyCompression],
  ['lz4', async () => lz4Compression],
  ['zstd', () => loadZstd()],
  ['zstd without that of Node', () => loadZstd({})],
]
const TEXT = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `line ${i % 1_000}`).join('\n'))

describe.each(COMPRESSIONS)('%s', (_, load) => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from('a')],
    ['text', TEXT],
    ['what nothing makes smaller', randomBytes(100_000)],
    [
      'more than a block of lz4',
      Buffer.concat([Buffer.alloc(5_000_000, 'ab'), randomBytes(4_194_304), TEXT]),
    ],
  ])('%s comes back as it was', async (_name, data) => {
    const { compress, decompress } = await load()
    const compressed = Buffer.from(compress(data))
    expect(Buffer.compare(Buffer.from(decompress(compressed)), data)).toBe(0)
  })

  test('text becomes smaller', async () => {
    const { compress } = await load()
    expect(compress(TEXT).length).toBeLessThan(TEXT.length / 4)
  })
})

test("Java's stream of snappy blocks is read", () => {
  const blocks = [TEXT.subarray(0, 70_000), TEXT.subarray(70_000)].flatMap((block) => {
    const compressed = snappyCompression.compress(Buffer.from(block))
    const length = Buffer.alloc(4)
    length.writeInt32BE(compressed.length)
    return [length, compressed]
  })
  const start = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
  expect(
    Buffer.compare(Buffer.from(snappyCompression.decompress(Buffer.concat([start, ...blocks]))), TEXT),
  ).toBe(0)
})

test('lz4 says that its blocks are independent: Java reads no others', () => {
  const INDEPENDENT = 0x20
  expect(lz4Compression.compress(TEXT)[4] & INDEPENDENT).toBe(INDEPENDENT)
})
