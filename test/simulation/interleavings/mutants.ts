// Protocols that are broken on purpose, as changes of the built kernel's text. Each must be found by exploring its scenario.

import type { SCENARIOS } from './scenarios.js'

export type Change = { file: string; find: string | RegExp; replace: string }
export type Mutant = {
  name: string
  scenario: keyof typeof SCENARIOS
  changes: readonly Change[]
  /** What the failure must say. */
  found: RegExp
}

const LOST = /^lost wake-up/
const WRONG_RECORD = /is not written yet|is torn|is another one|reads records for ever/

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a runner that does not step again before it waits',
    scenario: 'one',
    changes: [
      {
        file: 'runner.js',
        find: 'this.stepAll() < this.worthGoingOn ? this.wait(value) : undefined',
        replace: 'this.wait(value)',
      },
    ],
    found: LOST,
  },
  {
    name: 'a publisher that tests parked before it publishes the tail',
    scenario: 'one',
    changes: [
      {
        file: 'outbound.js',
        find: 'Atomics.store(this.ring.words, TAIL_WORD, this.tail);',
        replace: 'this.consumerBell.ring(); Atomics.store(this.ring.words, TAIL_WORD, this.tail);',
      },
      {
        file: 'outbound.js',
        find: /this\.rung = this\.tail;\s+this\.consumerBell\.ring\(\);/,
        replace: 'this.rung = this.tail;',
      },
    ],
    found: LOST,
  },
  {
    name: 'a tail that is published before the record is written',
    scenario: 'two',
    changes: [
      {
        file: 'outbound.js',
        find: /(this\.tail = \(this\.tail \+ length\) \| 0;)(\s+return at;)/,
        replace: '$1 Atomics.store(ring.words, TAIL_WORD, this.tail);$2',
      },
    ],
    found: WRONG_RECORD,
  },
  {
    name: 'a consumer that releases before it has read',
    scenario: 'full',
    changes: [
      {
        file: 'inbound.js',
        find: /(this\.next = \(position \+ this\.ring\.words\[[^;]*;)(\s+return position;)/,
        replace: '$1 Atomics.store(this.ring.words, RELEASE_WORD, this.next);$2',
      },
    ],
    found: WRONG_RECORD,
  },
  {
    name: 'a producer that has asked for space and does not look again',
    scenario: 'full',
    changes: [
      {
        file: 'outbound.js',
        find: /(this\.releaseSeen = Atomics\.load\(this\.ring\.words, RELEASE_WORD\);)(\s+const free)/,
        replace: 'if (this.stopped && Atomics.load(this.ring.words, WANTED_WORD) === 1) return false; $1$2',
      },
    ],
    found: /^lost wake-up|go on for ever/,
  },
  {
    name: 'want() that does not look at the space again, in the last step before a wait',
    scenario: 'relay',
    changes: [
      {
        file: 'outbound.js',
        find: /\bwant\(\) \{[^}]*\}/,
        replace: 'want() { Atomics.store(this.ring.words, WANTED_WORD, 1); }',
      },
    ],
    found: LOST,
  },
  {
    name: 'a consumer that tests wanted before it releases',
    scenario: 'full',
    changes: [
      {
        file: 'inbound.js',
        find: /Atomics\.store\(words, RELEASE_WORD, to\);(\s+this\.released = to;\s+this\.owesRing = true;)/,
        replace: '$1 this.wakeProducer(); Atomics.store(words, RELEASE_WORD, to);',
      },
    ],
    found: LOST,
  },
  {
    name: 'a bell that is read after parked is set',
    scenario: 'bell',
    changes: [
      {
        file: 'doorbell.js',
        find: /(const value = Atomics\.load\(this\.words, BELL_WORD\);)\s+(Atomics\.store\(this\.words, PARKED_WORD, 1\);)/,
        replace: '$2 $1',
      },
    ],
    found: LOST,
  },
  {
    name: 'a wait on what the bell is by then',
    scenario: 'one',
    changes: [
      {
        file: 'doorbell.js',
        find: 'Atomics.waitAsync(this.words, BELL_WORD, value,',
        replace: 'Atomics.waitAsync(this.words, BELL_WORD, Atomics.load(this.words, BELL_WORD),',
      },
    ],
    found: LOST,
  },
  {
    name: 'a signal that notifies and does not change the bell',
    scenario: 'one',
    changes: [{ file: 'doorbell.js', find: 'Atomics.add(this.words, BELL_WORD, 1);', replace: '' }],
    found: LOST,
  },
  {
    name: 'a producer that takes all of the ring for free',
    scenario: 'full',
    changes: [
      {
        file: 'outbound.js',
        find: 'this.stopped = bytes > free ||',
        replace: 'this.stopped = bytes > capacity ||',
      },
    ],
    found: WRONG_RECORD,
  },
]
