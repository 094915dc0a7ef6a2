// The checksum of a batch of records: CRC-32C (Castagnoli), eight bytes a step. (Node's own crc32 has another polynomial.)

const POLYNOMIAL = 0x82f63b78
const STEP_BYTES = 8

/** Of each byte, and in each further 256 entries of that byte with one more byte of zeros behind it. */
const TABLE = new Int32Array(STEP_BYTES * 256)

for (let byte = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  TABLE[byte] = crc
}
for (let i = 256; i < TABLE.length; i++) TABLE[i] = TABLE[TABLE[i - 256] & 0xff] ^ (TABLE[i - 256] >>> 8)

/** Gives the checksum of the bytes from `at` on, as an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array, at = 0): number {
  const { length } = bytes
  let crc = -1
  for (; at + STEP_BYTES <= length; at += STEP_BYTES) {
    crc ^= bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
    crc =
      TABLE[1792 + (crc & 0xff)] ^
      TABLE[1536 + ((crc >>> 8) & 0xff)] ^
      TABLE[1280 + ((crc >>> 16) & 0xff)] ^
      TABLE[1024 + (crc >>> 24)] ^
      TABLE[768 + bytes[at + 4]] ^
      TABLE[512 + bytes[at + 5]] ^
      TABLE[256 + bytes[at + 6]] ^
      TABLE[bytes[at + 7]]
  }
  for (; at < length; at++) crc = TABLE[(crc ^ bytes[at]) & 0xff] ^ (crc >>> 8)
  return ~crc >>> 0
}
