// What the source says of its partitions, in as few numbers as metrics bear.

import type { Lane } from './lane.js'

/** Lags of so many partitions are told one by one. */
const LANES_MAX = 48

/** `lag_p3`; with several topics `lag_t1_p3`, by the topic's place in the options. Beyond so many, only the sum and the largest. */
export function laneStats(lanes: Iterable<Lane>, topics: readonly string[]): Record<string, number> {
  const stats: Record<string, number> = {
    lag: 0,
    lag_max: 0,
    partitions: 0,
    dropped_repeats: 0,
    left_the_log: 0,
  }
  const lags: [name: string, lag: number][] = []
  for (const { place, isOwned, lag, counts } of lanes) {
    stats.dropped_repeats += counts.known
    stats.left_the_log += counts.lost
    if (!isOwned) continue
    stats.partitions++
    stats.lag += lag
    stats.lag_max = Math.max(stats.lag_max, lag)
    const topic = topics.length === 1 ? '' : `t${topics.indexOf(place.topic)}_`
    lags.push([`lag_${topic}p${place.partition}`, lag])
  }
  return lags.length > LANES_MAX ? stats : { ...stats, ...Object.fromEntries(lags) }
}
