// The hash by which Java's clients choose the partition of a key: murmur2, 32 bits, with their seed.

const SEED = 0x9747b28c
const MULTIPLIER = 0x5bd1e995

/** Gives the hash as an unsigned 32-bit number. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes
  let hash = SEED ^ length
  let at = 0
  for (; at + 4 <= length; at += 4) {
    let word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
    word = Math.imul(word, MULTIPLIER)
    word ^= word >>> 24
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER)
  }
  const rest = length - at
  if (rest > 0) {
    if (rest > 2) hash ^= bytes[at + 2] << 16
    if (rest > 1) hash ^= bytes[at + 1] << 8
    hash = Math.imul(hash ^ bytes[at], MULTIPLIER)
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER)
  return (hash ^ (hash >>> 15)) >>> 0
}

/** Gives the partition of a key among so many, as Java's clients do. */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}
