// How soon a dead thread is started again, and when it is given up (H4).

/** So many deaths that nobody is to blame for, within this time, are too many. */
export const DEATHS_MAX = 10
export const DEATHS_WITHIN_MS = 60_000
const DELAY_MS = 20
const DELAY_MS_MAX = 1_000

export class Restarts {
  private readonly unexplainedMs: number[] = []

  /**
   * Gives the delay in ms before the next life, or undefined for none. A death that makes suspects explains itself: they are
   * isolated, and the one who did it goes to the fallback.
   */
  after(nowMs: number, isExplained: boolean): number | undefined {
    const recent = this.unexplainedMs
    while (recent.length > 0 && recent[0] <= nowMs - DEATHS_WITHIN_MS) recent.shift()
    if (isExplained) return 0
    recent.push(nowMs)
    if (recent.length >= DEATHS_MAX) return undefined
    return recent.length === 1 ? 0 : Math.min(DELAY_MS_MAX, DELAY_MS * 2 ** (recent.length - 2))
  }
}
