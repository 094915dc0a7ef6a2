// Shares (S1–S3): 64-bit numbers, kept as two 32-bit halves, whose XOR tells when a root is settled.
// Each is a non-linear mix (splitmix64's structure, in 32-bit halves with the finaliser of MurmurHash3) of a counter
// under a key: equal or linearly related shares would cancel and settle a root too early.

/** Makes shares that no other incarnation of any actor makes. Reading: `next()`, then `lo` and `hi`. */
export class Shares {
  lo = 0
  hi = 0
  private counterLo = 0
  private counterHi = 0
  private readonly keyLo: number
  private readonly keyHi: number

  /** The key: unique to run, actor and incarnation (S3). */
  constructor(key: readonly [number, number]) {
    this.keyLo = key[0] | 0
    this.keyHi = key[1] | 0
  }

  /** Moves on to the next share; it is never zero. */
  next(): void {
    do {
      this.counterLo = (this.counterLo + 1) | 0
      if (this.counterLo === 0) this.counterHi = (this.counterHi + 1) | 0
      this.lo = mix((this.counterLo ^ this.keyLo) + Math.imul(this.counterHi, 0x9e3779b9))
      this.hi = mix(Math.imul(this.counterLo, 0x2c1b3c6d) + (this.keyHi ^ this.counterHi))
    } while ((this.lo | this.hi) === 0)
  }
}

/** Derives the key of one incarnation of one actor from the run's. */
export function shareKey(
  run: readonly [number, number],
  actor: number,
  incarnation: number,
): [number, number] {
  const lo = mix(mix(run[0] + Math.imul(actor + 1, 0x9e3779b9)) ^ Math.imul(incarnation + 1, 0x85ebca6b))
  const hi = mix(mix(run[1] ^ Math.imul(incarnation + 1, 0xc2b2ae35)) + Math.imul(actor + 1, 0x27d4eb2f))
  return [lo, hi]
}

/** The 32-bit finaliser of MurmurHash3 (Austin Appleby, public domain): every input bit changes every output bit. */
export function mix(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) | 0
}
