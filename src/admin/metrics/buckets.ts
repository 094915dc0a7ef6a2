// The buckets that a scrape has: some of the bounds of our own histograms, so that nothing is guessed when they are put together.
// A bound is at most a tenth above the one before, so a quantile is right within a tenth. Where a topology has so many sinks and
// stages that the scrape would be large, fewer bounds are taken: always the same ones for the same topology.

import { HISTOGRAM_BUCKETS, upperBoundUs } from '../../kernel/histogram.js'

/** What is below the first, or above the last, is not told apart. */
const FIRST_US = 1
const LAST_US = 60_000_000
/** What all buckets of a scrape may come to, and what a line has beside the topology's name. */
const TEXT_BYTES_MAX = 150_000
const LINE_BYTES = 75
const ALL = [1.1, 1.25, 1.6, 2.6, 7].map(bucketsWith)

export type Buckets = {
  /** In µs, each the most that its bucket takes. */
  readonly boundsUs: readonly number[]
  /** The number of our own bucket that ends at each bound. */
  readonly lasts: readonly number[]
}

/** Gives the buckets for a scrape with so many histograms, whose labels have so many characters more than a line has anyway. */
export function bucketsFor(histogramCount: number, labelLength: number): Buckets {
  const linesMax = TEXT_BYTES_MAX / (LINE_BYTES + labelLength)
  return ALL.find(({ boundsUs }) => boundsUs.length * histogramCount <= linesMax) ?? ALL[ALL.length - 1]
}

/** Gives how many times were at most each bound, and how many there were in all. */
export function cumulativeOf(counts: Float64Array, { lasts }: Buckets): { below: number[]; total: number } {
  const below: number[] = []
  let total = 0
  let next = 0
  for (let i = 0; i < HISTOGRAM_BUCKETS; i++) {
    total += counts[i]
    if (i !== lasts[next]) continue
    below.push(total)
    next++
  }
  return { below, total }
}

function bucketsWith(factor: number): Buckets {
  const boundsUs: number[] = []
  const lasts: number[] = []
  for (let i = 0; i < HISTOGRAM_BUCKETS && upperBoundUs(i) <= LAST_US; i++) {
    const bound = upperBoundUs(i)
    if (bound < FIRST_US) continue
    const isLast = upperBoundUs(i + 1) > LAST_US
    const before = boundsUs[boundsUs.length - 1] ?? 0
    // The next one would be too far from the last that was taken.
    if (!isLast && before > 0 && upperBoundUs(i + 1) <= before * factor) continue
    boundsUs.push(bound)
    lasts.push(i)
  }
  return { boundsUs, lasts }
}
