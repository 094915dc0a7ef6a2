// Numbers of variable length, as records have them: zigzag, seven bits a byte, the lowest first. Whole numbers up to 2^52.

const TWO_32 = 0x1_0000_0000

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
