// Which rows run at the same time: those that mostly wait go one after the other, beside all others, which do so too.

/**
 * Starts rows, and gives the promise of what each comes to.
 * @template R
 * @param {readonly import('./row.mjs').Row[]} rows
 * @param {(row: import('./row.mjs').Row) => Promise<R>} run
 * @param {boolean} [isAlone] true: one at a time
 * @returns {Map<import('./row.mjs').Row, Promise<R>>}
 */
export function startRows(rows, run, isAlone = false) {
  /** The last of each lane. */
  const lanes = [Promise.resolve(), Promise.resolve()]
  const results = new Map()
  for (const row of rows) {
    const lane = !isAlone && row.mostlyWaits ? 1 : 0
    const result = lanes[lane].then(() => run(row))
    lanes[lane] = result.catch(() => undefined)
    results.set(row, result)
  }
  return results
}
