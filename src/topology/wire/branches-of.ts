// What an actor must know of the branches behind it.

import type { Branches } from '../../actors/branches.js'
import type { Outbound } from '../../kernel/outbound.js'
import { branchFunction } from '../route.js'
import type { Wiring } from './wiring.js'

/** Gives the branches that the outbounds of an actor lead to; undefined where they lead to one stage, or to none. */
export function branchesOf({ topology, plan, planned, ends }: Wiring): Branches | undefined {
  const byStage = new Map<number, Outbound[]>()
  planned.outbounds.forEach((number, i) => {
    const to = plan.actors.find(({ name }) => name === plan.mailboxes[number].to)
    if (to?.kind === 'mapper') byStage.set(to.stage, [...(byStage.get(to.stage) ?? []), ends.outbounds[i]])
  })
  if (byStage.size < 2) return undefined
  const choose = branchFunction([...byStage.keys()].map((stage) => topology.stages[stage].when))
  return { choose, outbounds: [...byStage.values()] }
}
