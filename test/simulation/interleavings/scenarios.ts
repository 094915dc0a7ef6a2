// The scenarios: each as small as what it is about allows. Rings of 128 bytes; records of 48, so that two fill a ring, and of the
// next lap the first one follows a padding and lies beyond position 2^31.

import type { Scenario, ScenarioMailbox } from './scenario.js'

/** The position after them is 32 bytes below 2^31. */
const BEFORE = 4

function mailbox(from: string, to: string, waiting = 0): ScenarioMailbox {
  return { from, to, capacityBytes: 128, lengths: [48], before: BEFORE, waiting }
}

/** One producer, one consumer: `count` records, at most `stepMax` of them in a commit. */
function pair(name: string, count: number, stepMax: number): Scenario {
  return {
    name,
    threads: [
      { name: 'producer', kind: 'producer', count, stepMax },
      { name: 'consumer', kind: 'consumer' },
    ],
    mailboxes: [mailbox('producer', 'consumer')],
  }
}

export const SCENARIOS = {
  one: pair('one record', 1, 8),
  two: pair('two records in two commits, behind a padding, over 2^31', 2, 1),
  full: pair('a full mailbox: the third record waits for space', 3, 8),
  bell: {
    name: 'two producers ring one bell',
    threads: [
      { name: 'left', kind: 'producer', count: 1, stepMax: 8, once: true },
      { name: 'right', kind: 'producer', count: 1, stepMax: 8, once: true },
      { name: 'consumer', kind: 'consumer' },
    ],
    mailboxes: [mailbox('left', 'consumer'), mailbox('right', 'consumer')],
  },
  relay: {
    name: 'a relay whose input comes while its outbound is full and being drained',
    threads: [
      { name: 'feeder', kind: 'producer', count: 1, stepMax: 8, once: true },
      { name: 'relay', kind: 'relay' },
      { name: 'drain', kind: 'consumer', once: true },
    ],
    mailboxes: [mailbox('feeder', 'relay'), mailbox('relay', 'drain', 2)],
  },
} as const satisfies Record<string, Scenario>
