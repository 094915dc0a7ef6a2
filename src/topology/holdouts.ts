// Who holds a drain up: whose user code has not returned, or who has messages in hand, and which.

import { userCodeOf } from '../kernel/cell.js'
import type { Counters } from '../kernel/counters.js'
import { Doorbell } from '../kernel/doorbell.js'
import { Inbound } from '../kernel/inbound.js'
import { Message } from '../kernel/message.js'
import type { PlanMemory } from './memory.js'
import type { Plan } from './plan.js'
import type { Topology } from './types.js'
import { nameOf } from './user-code.js'

/** Names all that hold out, in words; empty for nobody. */
export function holdouts(
  topology: Topology,
  plan: Plan,
  memory: PlanMemory,
  counters: readonly Counters[],
): string[] {
  const all = plan.actors.flatMap((actor, index) => {
    if (actor.kind === 'reader') {
      const isStuck = userCodeOf(memory.cells[index]) === 'running'
      return isStuck ? [`${nameOf(actor)} has not returned`] : sourceHoldouts(topology, counters[index])
    }
    const oldest = oldestOf(plan, memory, index)
    const from = oldest === undefined ? '' : ` (oldest: message ${oldest})`
    if (userCodeOf(memory.cells[index]) === 'running') return [`${nameOf(actor)} has not returned${from}`]
    const inHand = counters[index].get('inFlight')
    return inHand > 0 ? [`${actor.name} has ${inHand} in hand${from}`] : []
  })
  // Several readers may say the same of their source.
  return [...new Set(all)]
}

function sourceHoldouts({ source }: Topology, reader: Counters): string[] {
  const name = source.name ?? 'the source'
  const calls = { reading: `a read of ${name}`, telling: `an ack or nack of ${name}` } as const
  return (['reading', 'telling'] as const)
    .filter((counter) => reader.get(counter) > 0)
    .map((counter) => `${calls[counter]} has not returned`)
}

/** Gives the id of the oldest message that an actor has taken and not settled, in its inbounds or its parking. */
function oldestOf(plan: Plan, memory: PlanMemory, index: number): string | undefined {
  const { inbounds, parking } = plan.actors[index]
  const bell = new Doorbell()
  for (const number of parking === undefined ? inbounds : [parking, ...inbounds]) {
    const inbound = new Inbound({ memory: memory.mailboxes[number], producerBell: bell, consumerBell: bell })
    if (inbound.peek()) return JSON.stringify(new Message(inbound, inbound.position).id)
  }
  return undefined
}
