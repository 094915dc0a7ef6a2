// A value with a checksum in front of it, over key and value: what was torn, flipped or swapped is not taken for a value.

import { createHash } from 'node:crypto'

const SUM_BYTES = 8

/** Puts the checksum in front. */
export function seal(key: string, value: Uint8Array): Buffer {
  return Buffer.concat([sumOf(key, value), value])
}

/** Gives the value, as a copy; undefined where the checksum does not fit. */
export function unseal(key: string, sealed: Uint8Array): Buffer | undefined {
  const value = Buffer.from(sealed.subarray(SUM_BYTES))
  return sumOf(key, value).equals(sealed.subarray(0, SUM_BYTES)) ? value : undefined
}

function sumOf(key: string, value: Uint8Array): Buffer {
  return createHash('sha256').update(`${key}\n`).update(value).digest().subarray(0, SUM_BYTES)
}
