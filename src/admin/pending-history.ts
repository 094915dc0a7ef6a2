// How much the source had still to give, a sample a second, and its averages over the periods that dashboards know.

export const PENDING_PERIODS = { '1m': 60, default: 120, '5m': 300, '15m': 900 } as const
const SAMPLES = Math.max(...Object.values(PENDING_PERIODS))

export class PendingHistory {
  private readonly samples = new Float64Array(SAMPLES)
  private count = 0

  add(pending: number): void {
    this.samples[this.count++ % SAMPLES] = pending
  }

  /** The average over the last seconds, or as many as there are; undefined for none. */
  average(seconds: number): number | undefined {
    const { samples, count } = this
    const used = Math.min(seconds, count, SAMPLES)
    if (used === 0) return undefined
    let sum = 0
    for (let i = count - used; i < count; i++) sum += samples[i % SAMPLES]
    return sum / used
  }
}
