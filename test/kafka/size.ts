// How much of it is run: `npm run kafka` runs all, `npm test` a tenth.

/** Gives the first where everything is run, else the second. */
export function inFull<T>(full: T, quick: T): T {
  return process.env.MODE === 'full' ? full : quick
}
