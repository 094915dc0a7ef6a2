// Counters in shared memory: an actor adds, the main thread reads whenever it likes.
// Plain stores: a reader may see a count of a moment ago, never a torn one, as each double has one writer.

export const COUNTERS = [
  'read',
  'acked',
  'nacked',
  'refused',
  'abandoned',
  'inFlight',
  'reading',
  'telling',
  'filtered',
  'dropped',
  'failed',
  'retried',
  'held',
  'written',
  'batches',
  'fallback',
  'onSuccess',
  'late',
  'breaches',
  'poisoned',
  'failingSince',
  'stale',
  'pending',
  'total',
] as const

export type CounterName = (typeof COUNTERS)[number]

const INDEX = Object.fromEntries(COUNTERS.map((name, i) => [name, i])) as Record<CounterName, number>

// The latency histogram: 32 buckets for each power of two of microseconds, so a percentile is right within 1/32.
const BUCKETS_PER_OCTAVE = 32
const OCTAVES = 32
const HISTOGRAM_DOUBLES = BUCKETS_PER_OCTAVE * OCTAVES

export function createCountersMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer((COUNTERS.length + HISTOGRAM_DOUBLES) * 8)
}

export class Counters {
  private readonly doubles: Float64Array
  private readonly histogram: Float64Array
  private lastMs = -1
  private lastBucket = 0

  constructor(memory: SharedArrayBuffer) {
    this.doubles = new Float64Array(memory, 0, COUNTERS.length)
    this.histogram = new Float64Array(memory, COUNTERS.length * 8)
  }

  add(name: CounterName, count = 1): void {
    this.doubles[INDEX[name]] += count
  }

  set(name: CounterName, value: number): void {
    this.doubles[INDEX[name]] = value
  }

  get(name: CounterName): number {
    return this.doubles[INDEX[name]]
  }

  /** Adds one latency, in ms. */
  observe(latencyMs: number): void {
    // Records that were read in one step and settled in one have the same latency.
    if (latencyMs !== this.lastMs) {
      this.lastMs = latencyMs
      this.lastBucket = bucketOf(Math.max(1, Math.min(2 ** 31 - 1, Math.round(latencyMs * 1000))) | 0)
    }
    this.histogram[this.lastBucket] += 1
  }

  /** Gives the latency in ms below which the fraction `q` of them lies; 0 for none. */
  quantile(q: number): number {
    const total = this.histogram.reduce((sum, count) => sum + count, 0)
    let left = Math.ceil(total * q)
    if (total === 0) return 0
    for (let i = 0; i < this.histogram.length; i++) {
      left -= this.histogram[i]
      if (left <= 0) return upperBoundUs(i) / 1000
    }
    return 0
  }

  /** All counts that are not zero. */
  snapshot(): Record<string, number> {
    return Object.fromEntries(
      COUNTERS.map((name) => [name, this.get(name)]).filter(([, count]) => count !== 0),
    )
  }
}

/** Below 32 µs a bucket is 1 µs; above, the five bits below the highest select one of the octave's. */
function bucketOf(us: number): number {
  if (us < BUCKETS_PER_OCTAVE) return us
  const shift = 26 - Math.clz32(us)
  return (shift + 1) * BUCKETS_PER_OCTAVE + ((us >>> shift) & (BUCKETS_PER_OCTAVE - 1))
}

function upperBoundUs(bucket: number): number {
  if (bucket < BUCKETS_PER_OCTAVE) return bucket
  const shift = Math.floor(bucket / BUCKETS_PER_OCTAVE) - 1
  return ((bucket % BUCKETS_PER_OCTAVE) + BUCKETS_PER_OCTAVE + 1) * 2 ** shift
}
