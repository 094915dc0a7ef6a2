// I8 at the source: how many records it had given and not been told of.

import { offsetsOf } from './check.mjs'

/** Gives the most of them, over all of a source's ledger. @param {import('./ledger.mjs').Event[]} events */
export function inFlightMaxOf(events) {
  let count = 0
  let most = 0
  for (const { word, more } of events) {
    if (word === 'open') count = 0
    if (word === 'R') count += offsetsOf(more).length
    else if (word === 'A' || word === 'N') count -= offsetsOf(more).length
    most = Math.max(most, count)
  }
  return most
}
