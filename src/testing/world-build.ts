// Builds an actor of a world for a life of its thread, with the world as its host. Once that life is over, nobody hears it any more.

import type { Actor, Host } from '../kernel/actor.js'
import { createLog, type LogRecord } from '../kernel/log.js'
import type { PlanMemory } from '../topology/memory.js'
import type { Plan } from '../topology/plan.js'
import { buildActor } from '../topology/wire.js'
import type { WorldOptions } from './world-options.js'
import type { WorldThread } from './world-thread.js'

export type WorldBuild = {
  options: WorldOptions
  plan: Plan
  memory: PlanMemory
  runKey: readonly [number, number]
  now: () => number
  failed: (error: Error) => void
  logged: (thread: WorldThread, record: LogRecord) => void
}

/** Builds the actor with number `number` of the plan; it may die over it. */
export function buildInWorld(build: WorldBuild, thread: WorldThread, number: number): Actor {
  const { options, plan, memory, runKey } = build
  const { topology, sources = [topology.source] } = options
  const { kind, replica } = plan.actors[number]
  const source = kind === 'reader' ? sources[replica] : topology.source
  const { incarnation, death } = thread
  const life = {
    runKey,
    incarnation,
    ...(death && { death: { reason: death.reason, isBlamed: death.blamed.includes(number) } }),
    onDone: () => {
      if (thread.incarnation === incarnation) thread.isDone = true
    },
  }
  return buildActor({ ...topology, source }, plan, memory, number, hostOf(build, thread, number), life)
}

function hostOf(
  { options, plan, now, failed, logged }: WorldBuild,
  thread: WorldThread,
  number: number,
): Host {
  const { incarnation } = thread
  const isAlive = () => thread.incarnation === incarnation
  return {
    clock: { now },
    random: options.random,
    log: createLog((record) => logged(thread, record), plan.actors[number].name, thread.name),
    wake: () => {
      if (isAlive()) thread.wake()
    },
    renew: (reason) => {
      if (isAlive()) thread.renewal = reason
    },
    fail: (error) => {
      if (isAlive()) failed(error)
    },
  }
}
