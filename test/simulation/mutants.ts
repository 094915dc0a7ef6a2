// What we break in what is built, to see that the simulation notices: each edit replaces a text that is there exactly once.

export type Edit = { file: string; find: string; replace: string }
export type Mutant = {
  name: string
  edits: readonly Edit[]
  /** What its runs have in common with those of the sound one that it is compared with. */
  setting: readonly Edit[]
}

const one = (name: string, file: string, find: string, replace: string): Mutant => ({
  name,
  edits: [{ file, find, replace }],
  setting: [],
})

/** Plays scripts of one flavour alone: for what is rare among all. */
const flavoured = (
  flavour: 'crowded' | 'inParts' | 'nacked' | 'branched' | 'degraded',
  mutant: Mutant,
): Mutant => ({
  ...mutant,
  setting: [
    {
      file: 'testing/simulation/script.js',
      find: 'FLAVOURS[Math.floor(random() * 20)]',
      replace: `${flavour} ?? FLAVOURS[Math.floor(random() * 20)]`,
    },
  ],
})

/** Plays scripts whose source cancels alone. */
const cancelling = (mutant: Mutant): Mutant => ({
  ...mutant,
  setting: [
    {
      file: 'testing/simulation/script.js',
      find: "chanceOf(seed, 'cancels') < 0.2",
      replace: "chanceOf(seed, 'cancels') < 1",
    },
  ],
})

/** Plays scripts whose source runs on several threads alone, where order allows it. */
const severalReaders = (mutant: Mutant): Mutant => ({
  ...mutant,
  setting: [
    ...mutant.setting,
    {
      file: 'testing/simulation/script.js',
      find: "chanceOf(seed, 'readers') < 0.25",
      replace: "chanceOf(seed, 'readers') < 1",
    },
  ],
})

const INBOUND = 'kernel/inbound.js'
const CELL = 'kernel/cell.js'
const MAPPER = 'actors/mapper.js'
const READER = 'actors/reader.js'
const QUEUE = 'actors/sink-queue.js'
const PARKING = 'actors/parking.js'

export const MUTANTS: readonly Mutant[] = [
  one(
    'C1: tails are copied before the number is published',
    CELL,
    "crashPoint('cell.before-publish');",
    "for (const outbound of outbounds) outbound.publish(this.watermark); crashPoint('cell.before-publish');",
  ),
  one(
    'C1: a successor does not copy the tails again',
    'kernel/outbound.js',
    'Atomics.store(this.ring.words, TAIL_WORD, tail);',
    'tail = Atomics.load(this.ring.words, TAIL_WORD);',
  ),
  one(
    'C3: a mark counts though its commit is not published',
    INBOUND,
    '[(at >>> 1) + MARK_DOUBLE] = commitNumber;',
    '[(at >>> 1) + MARK_DOUBLE] = commitNumber - 1;',
  ),
  one(
    'C3: larger marks are not wiped',
    INBOUND,
    'if (doubles[(at >>> 1) + MARK_DOUBLE] > published)',
    'if (false)',
  ),
  one(
    'C5: what is left of the share is not kept over a death',
    'actors/expansion.js',
    'registers[3] = this.rest.lo;',
    'registers[3] = 0;',
  ),
  severalReaders(
    flavoured(
      'inParts',
      one(
        'C5: what was left open is taken when its inbound has its turn',
        MAPPER,
        'awaited === undefined ? intake.peek()',
        'true ? intake.peek()',
      ),
    ),
  ),
  one(
    'C5: committed children are made again',
    'actors/expansion.js',
    'this.skip = this.count;',
    'this.skip = 0;',
  ),
  {
    setting: [],
    name: 'C6: a mailbox has a new owner before the old one is gone',
    edits: [
      {
        file: 'testing/simulation/play-script.js',
        find: 'eventsMax: EVENTS_MAX,',
        replace: 'eventsMax: EVENTS_MAX, hasGhosts: true,',
      },
    ],
  },
  one(
    'M4: the marks of the last lap are left in a record',
    'kernel/codec.js',
    'ring.doubles[(at >>> 1) + MARK_DOUBLE] = 0;',
    '',
  ),
  one(
    'M5: bytes are released while somebody reads them',
    INBOUND,
    'this.pins.length === 0 ? this.cursor : this.lowestPin()',
    'this.cursor',
  ),
  one(
    'S1: a filter drops its share',
    'actors/emitter.js',
    "return this.marker(message, share, 'filtered');",
    'return 0;',
  ),
  flavoured(
    'inParts',
    one(
      'S3: all lives of an actor have one key',
      'kernel/shares.js',
      'export function shareKey(run, actor, incarnation) {',
      'export function shareKey(run, actor, incarnation) { incarnation = 0;',
    ),
  ),
  one(
    'S4: a fallback settles the share that it passes on',
    'actors/sink-outlet.js',
    'return wanted(fallback, writeFallback(fallback, message, shareOf(message), failure, this.valueBytesMax));',
    "if (this.drop(message, '') === FULL) return FULL; return wanted(fallback, writeFallback(fallback, message, shareOf(message), failure, this.valueBytesMax));",
  ),
  one(
    'S5: a message is settled before its sink has answered',
    QUEUE,
    'batch.messages.push(waiter.message);',
    'batch.messages.push(waiter.message); waiter.message.inbound.settle(waiter.message.place, this.cell.pending);',
  ),
  {
    setting: [],
    name: 'R1: a settlement of another epoch is believed, where sequences begin anew',
    edits: [
      {
        file: 'actors/settlements.js',
        find: 'if (ring.words[at + EPOCH] !== this.epoch) {',
        replace: 'if (false) {',
      },
      {
        file: READER,
        find: '(2 * options.inFlightMax)), this.cell.registers[0])',
        replace:
          '(2 * options.inFlightMax)), memory.epoch === 1 ? this.cell.registers[0] : this.cell.registers[0] - this.cell.registers[1])',
      },
    ],
  },
  severalReaders(
    one(
      'R1: messages of two epochs are settled in one record',
      'actors/sink-disposal.js',
      'epochOf(messages[to]) === epoch',
      'true',
    ),
  ),
  one(
    'R1: messages of two epochs are in one batch, where ids are not compared',
    QUEUE,
    'this.options.idsMayRepeat || epochOf(message) === epoch',
    'true',
  ),
  severalReaders(
    one(
      'R1: a settlement goes to another reader',
      'actors/sink-outlet.js',
      'readerOf(epochOf(message), settlements.length)',
      '(readerOf(epochOf(message), settlements.length) + 1) % settlements.length',
    ),
  ),
  severalReaders(
    one(
      'R1: a life of one reader has the epoch of another',
      'kernel/epoch.js',
      'life * readers + reader + 1',
      'life + reader + 1',
    ),
  ),
  one(
    'R2: the resume position passes what is in flight',
    'actors/resume.js',
    'if (lowest !== undefined)',
    'if (false)',
  ),
  cancelling(
    one(
      'R5: what was cancelled before is left in the slot of a record that is given',
      READER,
      'uncancel(this.cancellation, records);',
      ';',
    ),
  ),
  cancelling(
    one(
      'R5: whatever is in its slot cancels a record',
      'kernel/cancellation.js',
      'return Atomics.load(this.keys, slot) === keyOf(partition, lo);',
      'return true;',
    ),
  ),
  cancelling(
    one(
      'R5: a handler is called for what was cancelled',
      'actors/map-verdicts.js',
      'return this.cancellation?.isCancelled(inbound.ring, at) === true;',
      'return false;',
    ),
  ),
  severalReaders(
    cancelling(
      one(
        'R5: what is cancelled is looked for among the records of the first reader',
        'kernel/cancellation.js',
        'this.slotOf(lo, readerOf(words[at + EPOCH], this.readers))',
        'this.slotOf(lo, 0)',
      ),
    ),
  ),
  one('O1: a retry is overtaken in its lane', MAPPER, 'if (this.lanes.has(task.lane)) {', 'if (false) {'),
  one(
    'O2: a lane is in two batches',
    QUEUE,
    "this.exclusive = options.order !== 'none' &&",
    'this.exclusive = false &&',
  ),
  one(
    'O3: the order watermark is stored before what it tells of',
    CELL,
    "crashPoint('cell.before-publish');",
    "for (const outbound of outbounds) Atomics.store(outbound.ring.words, 64, this.watermark); crashPoint('cell.before-publish');",
  ),
  one('O3: an intake does not merge', 'actors/intake.js', 'if (this.merged)', 'if (false)'),
  flavoured(
    'crowded',
    one(
      'P1: the original of a parked message is settled though its copy is not committed',
      PARKING,
      'message.inbound.settle(message.place, commitNumber);',
      'message.inbound.settle(message.place, commitNumber - 1);',
    ),
  ),
  flavoured(
    'crowded',
    one(
      'P2: what is in a batch is passed by those behind it',
      PARKING,
      'this.holds(tenant.message) || (!tenant.isFixed && this.put(tenant, commitNumber))',
      'tenant.isFixed || this.holds(tenant.message) || this.put(tenant, commitNumber)',
    ),
  ),
  one(
    'H1: poison is condemned in company',
    INBOUND,
    '(state & begun) === begun',
    '(state & STATE_BEGUN) !== 0',
  ),
  one('H1: nobody is suspected', INBOUND, 'if (wasGiven || state & STATE_BEGUN)', 'if (false)'),
  one(
    'W2: nobody looks again after setting the parked flag',
    'testing/world-thread.js',
    "this.phase = 'look';",
    "this.phase = 'last-ring';",
  ),
  one('W2: a consumer is not woken', 'kernel/outbound.js', 'this.consumerBell.ring();', ''),
  cancelling(one('W5: a cancellation wakes nobody', 'topology/cancel.js', 'bell.ring();', ';')),
  one('W2: a producer that waits for space is not woken', INBOUND, 'this.producerBell.ring();', ';'),
  one(
    'W2: a successor does not ring for what its predecessor owed',
    'kernel/outbound.js',
    'this.consumerBell.signal();',
    '',
  ),
  one(
    'W1: outputs of one message that do not all fit are published in part',
    'actors/emitter.js',
    'if (written < 0)\n            this.rollback();',
    '',
  ),
  flavoured('branched', {
    name: 'O1: of those aside the newest is written first',
    setting: [],
    edits: [
      {
        file: 'actors/aside.js',
        find: 'line.records[0]',
        replace: 'line.records[line.records.length - 1]',
      },
      { file: 'actors/aside.js', find: 'line.records.shift()', replace: 'line.records.pop()' },
    ],
  }),
  flavoured(
    'degraded',
    one(
      'C5: a degrade handler goes on where the handler has committed parts',
      'actors/degradation.js',
      "return expansion.isOfStandIn ? 'stand-in' : 'handler';",
      "return 'circuit';",
    ),
  ),
  flavoured(
    'degraded',
    one(
      'of several outputs of a degrade handler one is lost',
      'actors/degraded-result.js',
      'return result.map(mark);',
      'return result.slice(1).map(mark);',
    ),
  ),
  flavoured(
    'branched',
    one('S1: those aside have the share of the last one read', 'actors/aside.js', '{ ...head }', 'head'),
  ),
  flavoured(
    'branched',
    one(
      'a branch is chosen by the tags of the message that an output was made of',
      'actors/emitter.js',
      'this.inBranch(this.branches, meta.tags, head.lane, head.sequence)',
      'this.inBranch(this.branches, message.tags, head.lane, head.sequence)',
    ),
  ),
  flavoured(
    'nacked',
    one(
      'a nack that comes during the last read is forgotten',
      READER,
      'this.acks.reopens = this.acks.busy;',
      'this.acks.reopens = false;',
    ),
  ),
  one(
    'nacked records take up all places of those in flight',
    READER,
    'const least = this.acks.awaited > 0 && size < inFlightMax ? 1 : 0;',
    'const least = 0;',
  ),
]
