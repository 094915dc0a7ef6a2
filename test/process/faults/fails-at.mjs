// Which attempts at which messages fail: known to the handler that fails, and to the row that counts.

import { chanceOf } from './random.mjs'

export function failsAt(seed, id, attempt, probability) {
  return chanceOf(seed, id, attempt) < probability
}
