// Who is held to account when a thread dies: one table for all that the cells of its actors can say (H1).

import { describe, expect, it } from 'vitest'
import { Cell, type UserCode } from '../../../src/kernel/cell.js'
import { Doorbell } from '../../../src/kernel/doorbell.js'
import { Inbound } from '../../../src/kernel/inbound.js'
import { Outbound } from '../../../src/kernel/outbound.js'
import { isBlamed, makesSuspects } from '../../../src/topology/blame.js'
import { defineTopology } from '../../../src/topology/define.js'
import { createMemory, type PlanMemory } from '../../../src/topology/memory.js'
import { type Plan, planOf } from '../../../src/topology/plan.js'

const sink = { write: () => [] }
const plan = planOf(
  defineTopology({
    name: 'blame',
    source: { read: () => null },
    map: { handler: (message) => message, threads: 2 },
    sink,
    fallback: sink,
    limits: { messageBytes: 1_000 },
  }),
)

/** An actor's cell, as its owner left it when it died. */
function leave(memory: PlanMemory, name: string, code: UserCode): void {
  const index = indexOf(plan, name)
  const { inbounds, outbounds, parking, registerCount } = plan.actors[index]
  const bell = new Doorbell()
  const mailbox = (number: number) => ({
    memory: memory.mailboxes[number],
    producerBell: bell,
    consumerBell: bell,
  })
  const own = parking === undefined ? [] : [parking]
  const ins = [...inbounds, ...own].map((number) => new Inbound(mailbox(number)))
  const outs = [...outbounds, ...own].map((number) => new Outbound(mailbox(number)))
  const cell = new Cell(memory.cells[index], ins, outs, registerCount)
  if (code === 'awaited') cell.awaited(2)
  if (code !== 'running') return
  // A mapper says which record, the others that it is a batch.
  if (plan.actors[index].kind === 'mapper') cell.handling(ins[0], ins[0].position)
  else cell.handlingBatch()
  // What is on the stack counts, even if there are promises beside it.
  cell.awaited(1)
}

function indexOf({ actors }: Plan, name: string): number {
  return actors.findIndex((actor) => actor.name === name)
}

/** The user code that the actors of a thread died in. */
type Left = Record<string, UserCode>

function verdictOf(thread: string, left: Left) {
  const memory = createMemory(plan)
  for (const [name, code] of Object.entries(left)) leave(memory, name, code)
  const names = plan.actors.map(({ name }) => name)
  const blamed = names.filter((name) => isBlamed(plan, memory, indexOf(plan, name)))
  return { explains: makesSuspects(plan, memory, thread), blamed }
}

describe('the death of a thread', () => {
  it('has two sinks on one thread to ask about, and each mapper by itself', () => {
    const threads = Object.fromEntries(plan.actors.map(({ name, thread }) => [name, thread]))
    expect(threads).toEqual({
      reader: 'ingress',
      'map-0': 'map-0',
      'map-1': 'map-1',
      sink: 'egress',
      fallback: 'egress',
    })
  })

  it.each<[thread: string, left: Left, explains: boolean, blamed: string[]]>([
    // Nobody was in user code: a timer of somebody who had long answered.
    ['map-0', {}, false, []],
    ['egress', {}, false, []],
    // On the stack: that one did it.
    ['map-0', { 'map-0': 'running' }, true, ['map-0']],
    ['egress', { sink: 'running' }, true, ['sink']],
    ['egress', { sink: 'running', fallback: 'awaited' }, true, ['sink']],
    ['egress', { sink: 'awaited', fallback: 'running' }, true, ['fallback']],
    // Only promises: one actor alone is to blame; of two, neither is.
    ['map-0', { 'map-0': 'awaited' }, true, ['map-0']],
    ['egress', { fallback: 'awaited' }, true, ['fallback']],
    ['egress', { sink: 'awaited', fallback: 'awaited' }, true, []],
    // A source has no messages: its thread's death explains nothing.
    ['ingress', { reader: 'running' }, false, ['reader']],
  ])('%s, which left %o: explains itself: %s, blamed: %o', (thread, left, explains, blamed) => {
    expect(verdictOf(thread, left)).toEqual({ explains, blamed })
  })

  it('says nothing of other threads: what they are in is their own', () => {
    expect(verdictOf('map-1', { 'map-0': 'running', sink: 'awaited' })).toEqual({
      explains: false,
      blamed: ['map-0', 'sink'],
    })
  })
})
