// Tells a schedule as a story: who did what to which word, and what it read there.

import {
  BELL_WORD,
  MAILBOX_HEADER_BYTES,
  PARKED_WORD,
  RELEASE_WORD,
  TAIL_WORD,
  TAP_WORD,
  WANTED_WORD,
  WATERMARK_WORD,
} from '../../../src/kernel/layout.js'
import type { Entry } from './lockstep.js'
import type { Scenario } from './scenario.js'

const MAILBOX_WORDS = new Map([
  [TAIL_WORD, 'tail'],
  [RELEASE_WORD, 'release'],
  [WATERMARK_WORD, 'watermark'],
  [WANTED_WORD, 'wanted'],
  [TAP_WORD, 'tap'],
])
const BELL_WORDS = new Map([
  [BELL_WORD, 'bell'],
  [PARKED_WORD, 'parked'],
])

export function storyOf(entries: readonly Entry[], scenario: Scenario): string {
  const lines: string[] = []
  for (let from = 0; from < entries.length; ) {
    let to = from + 1
    while (
      to < entries.length &&
      isPlain(entries[from]) &&
      isPlain(entries[to]) &&
      entries[to].thread === entries[from].thread
    )
      to++
    const { name } = scenario.threads[entries[from].thread]
    lines.push(
      `${String(lines.length + 1).padStart(4)}  ${name.padEnd(10)} ${sentence(entries.slice(from, to), scenario)}`,
    )
    from = to
  }
  return lines.join('\n')
}

function isPlain({ access }: Entry): boolean {
  return access.startsWith('plain')
}

function sentence(entries: readonly Entry[], scenario: Scenario): string {
  const [{ access, operand, result }] = entries
  if (isPlain(entries[0])) return plainSentence(entries, scenario)
  const name = nameOf(entries[0], scenario)
  switch (access) {
    case 'load':
      return `reads ${name}: ${result}`
    case 'store':
      return `sets ${name} to ${operand}`
    case 'exchange':
      return `sets ${name} to ${operand}, it was ${result}`
    case 'add':
      return `adds ${operand} to ${name}, it was ${result}`
    case 'notify':
      return `notifies ${name}: ${result === 1 ? 'its owner slept' : 'nobody slept'}`
    case 'wait':
      return result === 1
        ? `sleeps while ${name} is ${operand}`
        : `does not sleep: ${name} is not ${operand} any more`
    case 'woken':
      return 'is awake'
    default:
      return `does ${access} on ${name}: ${result}`
  }
}

function plainSentence(entries: readonly Entry[], scenario: Scenario): string {
  const part = (access: string, verb: string) => {
    const some = entries.filter((entry) => entry.access === access)
    if (some.length === 0) return []
    return [`${verb} ${some.map((entry) => `${nameOf(entry, scenario)}=${entry.result}`).join(' ')}`]
  }
  return [...part('plain read', 'reads'), ...part('plain write', 'writes')].join('; ')
}

function nameOf({ memory, word }: Entry, { threads, mailboxes }: Scenario): string {
  if (memory >= mailboxes.length)
    return `${threads[memory - mailboxes.length].name}'s ${BELL_WORDS.get(word)}`
  const { from, to } = mailboxes[memory]
  const name = MAILBOX_WORDS.get(word) ?? `[${word * 4 - MAILBOX_HEADER_BYTES}]`
  return MAILBOX_WORDS.has(word) && mailboxes.length > 1 ? `${name} of ${from}→${to}` : name
}
