// Builds the reader.

import { Reader } from '../../actors/reader.js'
import type { Actor } from '../../kernel/actor.js'
import { epochOfLife } from '../../kernel/epoch.js'
import { partOf } from '../../kernel/part-of.js'
import { readersOf } from '../plan.js'
import { branchesOf } from './branches-of.js'
import type { Wiring } from './wiring.js'

export function buildReader(wiring: Wiring): Actor {
  const { topology, plan, planned, ends, host, life } = wiring
  const { source, order, limits, fallback } = topology
  const name = source.name ?? 'source'
  const readers = readersOf(plan).length
  // R1: each life has a new one.
  const epoch = epochOfLife(life.incarnation, planned.replica, readers)
  return new Reader(
    {
      name,
      source,
      order,
      inFlightMax: partOf(limits.inFlight, readers),
      valueBytesMax: limits.messageBytes,
      maxDeliveries: limits.maxDeliveries,
      hasFallback: fallback !== undefined,
      onDone: life.onDone,
      trace: life.tracing?.source(name, epoch),
    },
    { ...ends, branches: branchesOf(wiring), epoch },
    host,
  )
}
