// What the builder of each kind of actor is given.

import type { Actor, Host } from '../../kernel/actor.js'
import type { Life } from '../life.js'
import type { Plan, PlannedActor } from '../plan.js'
import type { Topology } from '../types.js'
import type { Ends } from './ends.js'

export type Wiring = {
  topology: Topology
  plan: Plan
  planned: PlannedActor
  ends: Ends
  host: Host
  life: Life
}

/** Builds an actor: it goes on where its cell says. */
export type Build = (wiring: Wiring) => Actor
