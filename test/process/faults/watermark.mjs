// Where a source that is read again may go on: nothing below is unsettled.

import { offsetsOf } from './check.mjs'

/**
 * Gives the lowest offset that was read and not acked; where there is none, the one after all that was acked; 0 where nothing was.
 * @param {import('./ledger.mjs').Event[]} events of the source's ledger, in their order
 * @param {'A' | 'D'} word A: the source was told; D: and it had made that durable
 * @param {(offset: number) => number} after gives the offset of the next line
 * @param {boolean} isPositional true for a source that keeps a position and nothing else: what its next reader reads again is
 *   unsettled again. False for one that remembers each line that was settled.
 */
export function lowWatermark(events, word, after, isPositional) {
  const known = new Offsets()
  let isFirst = false
  for (const event of events) {
    if (event.word === 'open') isFirst = true
    if (event.word !== 'R' && event.word !== word) continue
    const offsets = offsetsOf(event.more)
    if (event.word === word) known.settle(offsets)
    else {
      if (isFirst && isPositional) known.forgetFrom(lowestOf(offsets))
      isFirst = false
      known.read(offsets)
    }
  }
  const lowest = lowestOf(known.unsettled)
  if (lowest < Number.POSITIVE_INFINITY) return lowest
  const highest = highestOf(known.settled)
  return highest < 0 ? 0 : after(highest)
}

class Offsets {
  settled = new Set()
  unsettled = new Set()

  read(offsets) {
    for (const offset of offsets) if (!this.settled.has(offset)) this.unsettled.add(offset)
  }

  settle(offsets) {
    for (const offset of offsets) {
      this.settled.add(offset)
      this.unsettled.delete(offset)
    }
  }

  forgetFrom(first) {
    for (const offsets of [this.settled, this.unsettled])
      for (const offset of offsets) if (offset >= first) offsets.delete(offset)
  }
}

function lowestOf(offsets) {
  let lowest = Number.POSITIVE_INFINITY
  for (const offset of offsets) lowest = Math.min(lowest, offset)
  return lowest
}

function highestOf(offsets) {
  let highest = -1
  for (const offset of offsets) highest = Math.max(highest, offset)
  return highest
}
