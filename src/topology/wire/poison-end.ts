// Where a record goes that killed its thread again and again.

import type { PoisonEnd } from '../../actors/death.js'
import type { Topology } from '../types.js'

/** Gives it: a source that only tells is told, where nobody takes it. */
export function poisonEnd({ source }: Topology, hasFallback: boolean): PoisonEnd {
  if (hasFallback) return 'fallback'
  return source.redelivers === false ? 'nack' : 'stop'
}
