// Where everything lies in the memory by which the explorer drives its threads. The threads are given these numbers as data:
// Node 20 loads no TypeScript on them. The explorer writes BUDGET and the start of a STATE; a thread writes all else of its own.

/** The words of one thread, counted from its first. */
export const CONTROL = {
  /** One of STATES. */
  STATE: 0,
  /** Accesses that it may make before it stops at the gate again. */
  BUDGET: 1,
  /** What it will do next: an access (see ACCESSES). */
  NEXT: 2,
  /** AWAKE, ASLEEP on its bell, or NOTIFIED while it slept. */
  SLEEP: 3,
  /** What it did and read since its last turn, mixed: equal in two schedules, it goes on equally. */
  HISTORY: 4, // and 5
  /** Records that it has placed, and taken. */
  PLACED: 6,
  TAKEN: 7,
  /** Entries of its log. */
  LOGGED: 8,
  /** Bytes of the text that says why it failed. */
  TEXT_BYTES: 9,
  /** The memory and the word of what it will do next; of plain accesses: -1. */
  NEXT_MEMORY: 10,
  NEXT_WORD: 11,
  TEXT: 16,
  LOG: 272,
  LOG_MAX: 2048,
  /** Words of an entry: access, memory, word, operand, result. */
  ENTRY: 5,
  WORDS: 272 + 2048 * 5,
} as const

export const STATES = { IDLE: 0, START: 1, RUN: 2, GATE: 3, FAILED: 4, ABORT: 5, ENDED: 6 } as const

export const SLEEP = { AWAKE: 0, ASLEEP: 1, NOTIFIED: 2 } as const

/** What a step is. Plain accesses between two atomic ones are one step. */
export const ACCESSES = [
  'load',
  'store',
  'exchange',
  'add',
  'compareExchange',
  'notify',
  'wait',
  'woken',
  'plain read',
  'plain write',
] as const
export type Access = (typeof ACCESSES)[number]
