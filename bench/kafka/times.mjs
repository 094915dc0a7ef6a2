// Figures from the broker's times, which are whole milliseconds.

import { WARM_SHARE } from './work.mjs'

/** Records a second, and CPU time of one, from the record after which all is warm to the last one. */
export function rateOf({ times }, cpu) {
  const sorted = Float64Array.from(times).sort()
  const warm = Math.round(sorted.length * WARM_SHARE)
  const [fromMs, toMs] = [sorted[warm - 1], sorted[sorted.length - 1]]
  const count = sorted.length - warm
  return {
    rate: (count * 1000) / (toMs - fromMs),
    cpuMicros: (cpuAt(cpu, toMs) - cpuAt(cpu, fromMs)) / count,
  }
}

/** What was taken of the CPU by then: between two samples, in proportion. */
function cpuAt(cpu, ms) {
  const at = cpu.findIndex(([sampleMs]) => sampleMs >= ms)
  if (at <= 0) return (cpu.at(at) ?? [0, 0])[1]
  const [[beforeMs, before], [afterMs, after]] = [cpu[at - 1], cpu[at]]
  return before + ((after - before) * (ms - beforeMs)) / (afterMs - beforeMs)
}

/** The percentile of whole milliseconds, each of which stands for all times that round to it. */
export function percentile(delays, share) {
  const sorted = delays.toSorted((a, b) => a - b)
  const place = sorted.length * share
  const ms = sorted[Math.min(sorted.length - 1, Math.floor(place))]
  const from = sorted.indexOf(ms)
  const to = sorted.lastIndexOf(ms) + 1
  return ms - 0.5 + (place - from) / (to - from)
}
