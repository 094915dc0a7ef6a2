// Builds the reader.

import { Reader } from '../../actors/reader.js'
import type { Actor } from '../../kernel/actor.js'
import { branchesOf } from './branches-of.js'
import type { Wiring } from './wiring.js'

export function buildReader(wiring: Wiring): Actor {
  const { topology, ends, host, life } = wiring
  const { source, order, limits, fallback } = topology
  const name = source.name ?? 'source'
  return new Reader(
    {
      name,
      source,
      order,
      inFlightMax: limits.inFlight,
      valueBytesMax: limits.messageBytes,
      maxDeliveries: limits.maxDeliveries,
      hasFallback: fallback !== undefined,
      onDone: life.onDone,
      trace: life.tracing?.source(name, life.epoch),
    },
    { ...ends, branches: branchesOf(wiring), epoch: life.epoch },
    host,
  )
}
