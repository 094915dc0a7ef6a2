// Builds a mapper.

import { Degradation } from '../../actors/degradation.js'
import { Intake } from '../../actors/intake.js'
import type { MapTask } from '../../actors/map-task.js'
import { Mapper } from '../../actors/mapper.js'
import { Parking } from '../../actors/parking.js'
import type { Actor } from '../../kernel/actor.js'
import { branchesOf } from './branches-of.js'
import { poisonEnd } from './poison-end.js'
import type { Wiring } from './wiring.js'

export function buildMapper(wiring: Wiring): Actor {
  const { topology, planned, ends, host } = wiring
  const stage = topology.stages[planned.stage]
  const { order, limits } = topology
  const parking = new Parking<MapTask>(...ends.parking)
  const inbounds = [...ends.inbounds, parking.inbound]
  const intake = new Intake(ends.inbounds, order === 'source')
  const { handler, degrade } = stage
  const degradation =
    degrade &&
    new Degradation({ name: planned.name, stage: stage.name, handler, degrade }, host, ends.counters)
  const called = degradation?.handle ?? handler
  const traced = ends.tracing?.handler(stage.name, called)
  const options = {
    name: planned.name,
    stage: stage.name,
    handler: traced?.handler ?? called,
    gaveUp: traced?.gaveUp,
    degradation,
    order,
    concurrency: stage.concurrency,
    handlerTimeoutMs: stage.handlerTimeoutMs,
    retry: stage.retry,
    poisonAfter: limits.poisonAfter,
    poisonTo: poisonEnd(topology, topology.fallback !== undefined),
    // Under order 'source' there are no lanes to change.
    rekey: stage.rekey && order === 'key',
    valueBytesMax: limits.messageBytes,
  }
  return new Mapper(
    options,
    { ...ends, inbounds, parking, intake, branches: branchesOf(wiring), thread: planned.replica },
    host,
  )
}
