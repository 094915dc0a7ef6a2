// What the sinks' thread had in its hands when it died: that may come again, and nothing else.

/**
 * Gives the ids of the batches within which it died: each death tells them. What it had answered before was committed before.
 * @param {import('./ledger.mjs').Event[]} deaths
 */
export function inHandOf(deaths) {
  return new Set(deaths.flatMap(({ more }) => more.split(' ').map(Number)))
}
