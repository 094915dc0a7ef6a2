// A histogram of times in shared memory: an actor counts, the main thread reads whenever it likes.
// Bucket n below 32 takes what is over n and at most n + 1 µs; from there on each power of two has 32 buckets, so that what is
// read off it is at most 1/32 too high, and never too low. Plain stores: each double has one writer.

const BUCKETS_PER_OCTAVE = 32
const OCTAVES = 32
/** Longer times, over half an hour, count as this. */
const US_MAX = 2 ** 31 - 1
/** Times are sums and differences of numbers with a fraction: this much is none of theirs. */
const ROUNDING_US = 1e-3

export const HISTOGRAM_BUCKETS = BUCKETS_PER_OCTAVE * OCTAVES
/** The sum, and a double for each bucket. */
export const HISTOGRAM_BYTES = (1 + HISTOGRAM_BUCKETS) * 8

export class Histogram {
  private readonly sum: Float64Array
  private readonly buckets: Float64Array

  constructor(memory: SharedArrayBuffer, byteOffset: number) {
    this.sum = new Float64Array(memory, byteOffset, 1)
    this.buckets = new Float64Array(memory, byteOffset + 8, HISTOGRAM_BUCKETS)
  }

  /** Counts one time, in ms, or so many that took the same. */
  observe(ms: number, count = 1): void {
    const us = ms > 0 ? Math.min(ms * 1000, US_MAX) : 0
    this.buckets[bucketOf(us)] += count
    this.sum[0] += us * count
  }

  /** The sum of all times, in µs. */
  get sumUs(): number {
    return this.sum[0]
  }

  /** How often each bucket was counted, as a copy or added to the counts that are given. */
  addTo(counts: Float64Array = new Float64Array(HISTOGRAM_BUCKETS)): Float64Array {
    const { buckets } = this
    for (let i = 0; i < buckets.length; i++) counts[i] += buckets[i]
    return counts
  }

  /** Gives the time in ms that the fraction `q` of all does not exceed; 0 for none. */
  quantile(q: number): number {
    return quantileOf(this.buckets, q)
  }
}

/** Gives the time in ms that the fraction `q` of what was counted does not exceed; 0 for none. */
export function quantileOf(counts: Float64Array, q: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0)
  let left = Math.ceil(total * q)
  if (total <= 0) return 0
  for (let i = 0; i < counts.length; i++) {
    left -= counts[i]
    if (left <= 0) return upperBoundUs(i) / 1000
  }
  return 0
}

/** The most that a bucket takes, in µs. */
export function upperBoundUs(bucket: number): number {
  if (bucket < BUCKETS_PER_OCTAVE) return bucket + 1
  const shift = Math.floor(bucket / BUCKETS_PER_OCTAVE) - 1
  return ((bucket % BUCKETS_PER_OCTAVE) + BUCKETS_PER_OCTAVE + 1) * 2 ** shift
}

/** Above 32 µs, the five bits below the highest select one of the octave's. */
function bucketOf(us: number): number {
  const below = Math.max(0, Math.ceil(us - ROUNDING_US) - 1) | 0
  if (below < BUCKETS_PER_OCTAVE) return below
  const shift = 26 - Math.clz32(below)
  return (shift + 1) * BUCKETS_PER_OCTAVE + ((below >>> shift) & (BUCKETS_PER_OCTAVE - 1))
}
