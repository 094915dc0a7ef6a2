// A scenario: a few threads, the mailboxes between them, and how many records go through. Makes its memory: each mailbox has
// been used for a while, so that its ring holds what earlier laps left there, and its positions are about to pass 2^31.

import { Cell, createCellMemory } from '../../../src/kernel/cell.js'
import { Doorbell } from '../../../src/kernel/doorbell.js'
import { Inbound } from '../../../src/kernel/inbound.js'
import { RELEASE_WORD, TAIL_WORD } from '../../../src/kernel/layout.js'
import { createMailboxMemory } from '../../../src/kernel/mailbox.js'
import { Outbound } from '../../../src/kernel/outbound.js'
// @ts-expect-error: plain JavaScript, for threads load it
import { fill } from './actors.mjs'

export type ScenarioThread = {
  name: string
  kind: 'producer' | 'consumer' | 'relay'
  /** Records that a producer places in all, and at most in one step. */
  count?: number
  stepMax?: number
  /** It takes one turn, and never parks: for a thread whose own waiting is not what the scenario is about. */
  once?: boolean
}

export type ScenarioMailbox = {
  from: string
  to: string
  capacityBytes: number
  /** Lengths of its records, in turn. */
  lengths: readonly number[]
  /** Records of earlier laps: they bring its first record to where the case wants it. */
  before: number
  /** Records that lie in it, not taken, when the schedules begin. */
  waiting?: number
}

export type Scenario = {
  name: string
  threads: readonly ScenarioThread[]
  mailboxes: readonly ScenarioMailbox[]
}

type End = { memory: number; producerBell: number; consumerBell: number; stream: number }
export type Role = ScenarioThread & {
  bell: number
  cell: SharedArrayBuffer
  inbounds: readonly End[]
  outbounds: readonly (End & { lengths: readonly number[]; placed: number })[]
  /** Records that it has placed and taken when all is done. */
  goal: { placed: number; taken: number }
}

/** Shared memory, mailboxes first, then a bell for each thread; and what each thread is. */
export type Stage = { scenario: Scenario; memories: SharedArrayBuffer[]; roles: Role[] }

const STALE = -1

export function createStage(scenario: Scenario): Stage {
  const { threads, mailboxes } = scenario
  const mailboxMemories = mailboxes.map(usedMemory)
  const bells = threads.map(() => new Doorbell().memory)
  const roles = threads.map((thread, index) => roleOf(scenario, thread, index, mailboxMemories))
  return { scenario, memories: [...mailboxMemories, ...bells], roles }
}

/** Makes a mailbox through which records went, and in which some wait. */
function usedMemory(mailbox: ScenarioMailbox, stream: number): SharedArrayBuffer {
  const { capacityBytes, lengths, before, waiting = 0 } = mailbox
  const bell = new Doorbell()
  const memory = createMailboxMemory(capacityBytes, 2 ** 31 - 2 * capacityBytes)
  const ends = { memory, producerBell: bell, consumerBell: bell }
  const outbound = new Outbound(ends)
  const inbound = new Inbound(ends)
  const cell = new Cell(
    createCellMemory({ inbounds: [inbound.cursor], outbounds: [outbound.tail], registers: [] }),
    [inbound],
    [outbound],
    0,
  )
  const place = (length: number, of: number, number: number) => {
    const at = outbound.claim(length)
    if (at === -1) throw new Error(`mailbox ${stream}: no room for what the scenario begins with`)
    fill(outbound.ring, at, length, of, number)
    cell.commit()
  }
  for (let i = 0; i < before; i++) {
    place(lengths[0], STALE, i)
    inbound.peek()
    inbound.settle(inbound.take(), cell.pending)
    cell.commit()
  }
  for (let i = 0; i < waiting; i++) place(lengths[i % lengths.length], stream, i)
  return memory
}

function roleOf(
  scenario: Scenario,
  thread: ScenarioThread,
  index: number,
  memories: SharedArrayBuffer[],
): Role {
  const { threads, mailboxes } = scenario
  const bellOf = (name: string) => mailboxes.length + threads.findIndex((each) => each.name === name)
  const ends = mailboxes.map((mailbox, memory) => ({
    ...mailbox,
    memory,
    producerBell: bellOf(mailbox.from),
    consumerBell: bellOf(mailbox.to),
    stream: memory,
    placed: mailbox.waiting ?? 0,
  }))
  const inbounds = ends.filter(({ to }) => to === thread.name)
  const outbounds = ends.filter(({ from }) => from === thread.name)
  const cursors = inbounds.map(({ memory }) => new Int32Array(memories[memory])[RELEASE_WORD])
  const tails = outbounds.map(({ memory }) => new Int32Array(memories[memory])[TAIL_WORD])
  return {
    ...thread,
    bell: mailboxes.length + index,
    cell: createCellMemory({ inbounds: cursors, outbounds: tails, registers: [] }),
    inbounds,
    outbounds,
    goal: {
      placed: sum(outbounds, scenario),
      taken: thread.once ? waitingIn(inbounds) : sum(inbounds, scenario),
    },
  }
}

/** All records that go through these mailboxes. */
function sum(ends: readonly ScenarioMailbox[], { threads, mailboxes }: Scenario): number {
  const countOf = (end: ScenarioMailbox): number => {
    const from = threads.find(({ name }) => name === end.from)
    if (from?.kind !== 'relay') return from?.count ?? 0
    const upstream = mailboxes.find(({ to }) => to === from.name)
    return (end.waiting ?? 0) + (upstream === undefined ? 0 : countOf(upstream))
  }
  return ends.reduce((total, end) => total + countOf(end), 0)
}

function waitingIn(ends: readonly ScenarioMailbox[]): number {
  return ends.reduce((total, { waiting = 0 }) => total + waiting, 0)
}
