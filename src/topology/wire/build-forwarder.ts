// Builds the forwarder.

import { Forwarder } from '../../actors/forwarder.js'
import { Intake } from '../../actors/intake.js'
import type { Actor } from '../../kernel/actor.js'
import { routeFunction } from '../route.js'
import type { Wiring } from './wiring.js'

export function buildForwarder({ topology, plan, planned, ends, host }: Wiring): Actor {
  const destinations = planned.outbounds.map((number) => plan.mailboxes[number].to)
  return new Forwarder(
    {
      name: planned.name,
      route: routeFunction(topology.routes, destinations),
      order: topology.order,
      fallback: destinations.indexOf('fallback'),
      valueBytesMax: topology.limits.messageBytes,
    },
    { ...ends, intake: new Intake(ends.inbounds, topology.order === 'source') },
    host,
  )
}
