// What each of several threads has of a limit that holds for all of them together.

/** Gives its part: at least 1. */
export function partOf(total: number, threads: number): number {
  return Math.max(1, Math.floor(total / threads))
}
