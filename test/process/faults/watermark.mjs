// Where a source that is read again may go on: nothing below is unsettled.

import { offsetsOf } from './check.mjs'

/**
 * Gives the lowest offset that was read and not acked; where there is none, the one after all that was acked; 0 where nothing was.
 * @param {import('./ledger.mjs').Event[]} events of the source's ledger, in their order
 * @param {'A' | 'D'} word A: the source was told; D: and it had made that durable
 * @param {(offset: number) => number} after gives the offset of the next line
 */
export function lowWatermark(events, word, after) {
  const unsettled = new Set()
  const settled = new Set()
  for (const event of events) {
    if (event.word !== 'R' && event.word !== word) continue
    for (const offset of offsetsOf(event.more)) {
      if (event.word === word) {
        settled.add(offset)
        unsettled.delete(offset)
      } else if (!settled.has(offset)) unsettled.add(offset)
    }
  }
  let lowest = Number.POSITIVE_INFINITY
  for (const offset of unsettled) lowest = Math.min(lowest, offset)
  if (lowest < Number.POSITIVE_INFINITY) return lowest
  let highest = -1
  for (const offset of settled) highest = Math.max(highest, offset)
  return highest < 0 ? 0 : after(highest)
}
