// Builds a sink, in its role.

import { Intake } from '../../actors/intake.js'
import { Parking } from '../../actors/parking.js'
import { SinkActor } from '../../actors/sink.js'
import { SinkOutlet } from '../../actors/sink-outlet.js'
import type { Waiter } from '../../actors/sink-queue.js'
import type { Actor } from '../../kernel/actor.js'
import { readersOf } from '../plan.js'
import { roleOf } from '../role-of.js'
import { poisonEnd } from './poison-end.js'
import type { Wiring } from './wiring.js'

export function buildSink({ topology, plan, planned, ends, host }: Wiring): Actor {
  const sink = roleOf(topology, planned.sink)
  const outboundTo = (name: string) =>
    ends.outbounds[planned.outbounds.findIndex((number) => plan.mailboxes[number].to === name)]
  const readers = readersOf(plan)
  const out = {
    settlements: readers.map(({ name }) => outboundTo(name)),
    fallback: outboundTo('fallback'),
    onSuccess: outboundTo('onSuccess'),
  }
  // A message on its way to the fallback has given up its place: there, only keys order.
  const order = sink.role !== 'sink' && topology.order === 'source' ? 'none' : topology.order
  const intake = new Intake(ends.inbounds, order === 'source')
  const outlet = new SinkOutlet(out, topology.limits.messageBytes)
  const copiesMeet = sink.role !== 'sink' && topology.routes.some(({ to }) => to.length > 1)
  const idsMayRepeat = copiesMeet || readers.length > 1
  const { contractBreaches, poisonAfter } = topology.limits
  const traced = ends.tracing?.sink(planned.name, sink.sink)
  const poisonTo = poisonEnd(topology, outlet.hasFallback)
  const options = { ...sink, ...traced, order, idsMayRepeat, contractBreaches, poisonAfter, poisonTo }
  return new SinkActor(
    options,
    { ...ends, parking: new Parking<Waiter>(...ends.parking), intake, outlet },
    host,
  )
}
