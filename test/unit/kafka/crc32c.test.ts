import { describe, expect, test } from 'vitest'
import { crc32c } from '../../../src/kafka/crc32c.js'

/** Of the standard of iSCSI (RFC 3720, B.4), and the usual check value. */
const CHECKSUMS: [what: string, bytes: Buffer, checksum: number][] = [
  ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
  ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['0 to 31', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
  ['31 to 0', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
  ['digits', Buffer.from('123456789'), 0xe3069283],
  ['nothing', Buffer.alloc(0), 0],
]

describe('crc32c', () => {
  test.each(CHECKSUMS)('of %s', (_, bytes, checksum) => {
    expect(crc32c(bytes)).toBe(checksum)
  })

  test('begins where it is told to', () => {
    expect(crc32c(Buffer.from('before123456789'), 6)).toBe(0xe3069283)
  })
})
