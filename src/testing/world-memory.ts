// What a world reads of the mailboxes of its plan, from outside: how much lies in them, and whether that can be.

import { MAILBOX_HEADER_BYTES, RELEASE_WORD, TAIL_WORD } from '../kernel/layout.js'
import type { PlanMemory } from '../topology/memory.js'
import type { Plan } from '../topology/plan.js'

/** Gives the bytes that a mailbox holds. */
export function heldBytes(memory: SharedArrayBuffer): number {
  const words = new Int32Array(memory)
  return (words[TAIL_WORD] - words[RELEASE_WORD]) | 0
}

/** I8: gives a sentence where one of an actor's mailboxes holds less than nothing, or more than its capacity. */
export function boundsProblem(plan: Plan, memory: PlanMemory, actorNumber: number): string | undefined {
  const { inbounds, outbounds, parking } = plan.actors[actorNumber]
  for (const number of [...inbounds, ...outbounds, ...(parking === undefined ? [] : [parking])]) {
    const mailbox = memory.mailboxes[number]
    const held = heldBytes(mailbox)
    const capacity = mailbox.byteLength - MAILBOX_HEADER_BYTES
    if (held >= 0 && held <= capacity) continue
    const { from, to } = plan.mailboxes[number]
    return `the mailbox from ${from} to ${to} holds ${held} bytes, its capacity is ${capacity}`
  }
  return undefined
}

/** Says what each mailbox holds, for the error of a world that does not end. */
export function heldText(plan: Plan, memory: PlanMemory): string {
  const held = plan.mailboxes.map(({ from, to }, i) => `${from} → ${to} ${heldBytes(memory.mailboxes[i])}`)
  return `bytes held: ${held.join(', ')}`
}
