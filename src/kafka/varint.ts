// Numbers of variable length, as records have them: zigzag, seven bits a byte, the lowest first. Whole numbers up to 2^52.

const TWO_32 = 0x1_0000_0000
/** Of a number of 64 bits. */
const BYTES_MAX = 10

/** Gives how many bytes a number takes. */
export function varintBytes(value: number): number {
  let rest = zigzag(value)
  let bytes = 1
  for (; rest >= 0x80; bytes++) rest = Math.floor(rest / 0x80)
  return bytes
}

/** Writes a number; gives where it ends. */
export function writeVarint(to: Uint8Array, at: number, value: number): number {
  let rest = zigzag(value)
  while (rest >= TWO_32) {
    to[at++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  for (rest >>>= 0; rest >= 0x80; rest >>>= 7) to[at++] = (rest & 0x7f) | 0x80
  to[at++] = rest
  return at
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}

/** Reads such numbers, and bytes behind their length, one after the other. Beyond the end there are zeros: whoever reads
 * looks where it came to. */
export class VarintReader {
  readonly bytes: Buffer
  at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  number(): number {
    const { bytes } = this
    const first = bytes[this.at++]
    if (first < 0x80) return (first >>> 1) ^ -(first & 1)
    let value = first & 0x7f
    let factor = 0x80
    const last = this.at + BYTES_MAX - 1
    for (let byte = first; byte >= 0x80 && this.at < last; factor *= 0x80) {
      byte = bytes[this.at++]
      value += (byte & 0x7f) * factor
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** Null where the length is negative. */
  slice(): Buffer | null {
    const length = this.number()
    if (length < 0) return null
    const from = this.at
    this.at += length
    return this.bytes.subarray(from, this.at)
  }
}
