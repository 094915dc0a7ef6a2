// How fast memory grows: the slope of a straight line through the samples of a process that has lived for a while.

const WARM_MS = 20_000
const LONG_MS = 40_000

/** Gives MiB a minute; undefined for a life that is too short to tell. @param {{ ms: number, value: number }[]} samples */
export function growthOf(samples) {
  const first = samples[0]?.ms ?? 0
  const warm = samples.filter(({ ms, value }) => value > 0 && ms - first >= WARM_MS)
  if (warm.length < 2 || warm.at(-1).ms - warm[0].ms < LONG_MS) return undefined
  const meanMs = mean(warm.map(({ ms }) => ms))
  const meanValue = mean(warm.map(({ value }) => value))
  let above = 0
  let below = 0
  for (const { ms, value } of warm) {
    above += (ms - meanMs) * (value - meanValue)
    below += (ms - meanMs) ** 2
  }
  return (above / below) * 60_000
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
