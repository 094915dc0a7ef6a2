// What a write gives back: its shape, its ids, its outcomes, its time.

import {
  type Answers,
  RULES,
  requireArray,
  requireCount,
  requireIds,
  requireResponses,
  requireSound,
} from './answers.js'
import type { MessageSpec } from './batch.js'
import { breach, counted, described, listed } from './breach.js'
import { pause } from './deadline.js'
import { notWritten, requireNoThrow, type SinkCase } from './sink-case.js'
import { type LiveSink, type SinkKit, WRITE_IN_TIME } from './sink-kit.js'

/** How often an ordinary message is offered before it counts as refused. */
const ATTEMPTS = 10
const HOLD_MS_MAX = 1_000

export const ANSWER_CASES: readonly SinkCase[] = [
  { name: RULES.array, check: shape(requireArray) },
  { name: RULES.responses, check: shape(requireResponses) },
  { name: RULES.count, check: shape(requireCount) },
  { name: RULES.ids, check: shape(requireIds) },
  // The kit's own deadline tells of a late answer, here as in every case.
  { name: WRITE_IN_TIME, check: shape(() => undefined) },
  { name: 'ordinary messages are written', check: ordinaryMessages },
  { name: 'a batch of batchMax messages is answered', check: fullBatch },
]

/** Only for sinks that are used as a fallback or onSuccess sink. */
export const LAST_SINK_CASE: SinkCase = {
  name: 'a fallback or onSuccess sink answers neither fallback nor onSuccess',
  check: lastSink,
}

/** Makes a check that writes a batch of one and one of three, and looks at what write gave. */
function shape(require: (answers: Answers) => void): SinkCase['check'] {
  return async (kit) => {
    const live = await kit.open()
    for (const specs of [kit.plain(1), kit.plain(Math.min(3, live.batchMax), 2)])
      require(await live.writeSpecs(specs))
  }
}

async function ordinaryMessages(kit: SinkKit, rule: string): Promise<void> {
  const live = await kit.open()
  for (const specs of [kit.plain(1), kit.plain(Math.min(3, live.batchMax), 2)])
    await writeUntilWritten(live, specs, rule)
}

/** Offers what failed or was held again, as the runtime does. */
async function writeUntilWritten(live: LiveSink, specs: readonly MessageSpec[], rule: string): Promise<void> {
  let left = specs
  for (let attempt = 1; ; attempt++) {
    const answers = await live.writeSpecs(left)
    const { byId, thrown } = answers
    // A message without an answer is told of by the cases that look at the answers.
    const open = new Set(thrown ? answers.ids : notWritten(answers).filter((id) => byId.has(id)))
    if (open.size === 0) return
    const responses = [...byId.values()].filter(({ ref }) => open.has(typeof ref === 'string' ? ref : ref.id))
    const final = responses.find(({ outcome }) => outcome === 'nack' || outcome === 'fallback')
    if (final || attempt === ATTEMPTS) {
      const why = thrown ? `write threw ${described(thrown.error)}` : refusals(answers)
      const what = `${listed([...open])} not written after ${counted(attempt, 'attempt')}: ${why}`
      breach(
        rule,
        what,
        'ok for ordinary messages (`value` makes ordinary values, where not every text is one)',
      )
    }
    await pause(delayMsOf(responses))
    left = left.filter(({ id }) => open.has(id as string))
  }
}

function refusals({ byId }: Answers): string {
  const [first] = [...byId.values()].filter(({ outcome }) => outcome !== 'ok')
  const reason = first.detail ?? (first.options as { reason?: unknown } | undefined)?.reason
  return reason === undefined ? first.outcome : `${first.outcome}, ${described(reason)}`
}

function delayMsOf(responses: readonly { options: unknown }[]): number {
  const delays = responses.map(({ options }) =>
    Number((options as { delayMs?: number } | undefined)?.delayMs ?? 1),
  )
  return Math.min(HOLD_MS_MAX, Math.max(1, ...delays.filter(Number.isFinite)))
}

async function fullBatch(kit: SinkKit, rule: string): Promise<void> {
  const live = await kit.open()
  const answers = await live.writeSpecs(kit.plain(live.batchMax))
  requireNoThrow(rule, answers, `a sink takes batchMax messages at once (${live.batchMax} here)`)
  requireSound(answers)
}

async function lastSink(kit: SinkKit, rule: string): Promise<void> {
  const live = await kit.open()
  const { refused } = live.made
  const specs = kit.plain(Math.min(3, live.batchMax))
  if (refused !== undefined) specs[0] = { ...specs[0], value: refused }
  const { byId } = await live.writeSpecs(specs)
  for (const [id, { outcome }] of byId) {
    if (outcome !== 'fallback' && outcome !== 'onSuccess') continue
    const what = `${outcome} was answered for ${listed([id])} by a sink in the role ${kit.options.role}`
    breach(rule, what, 'ok, failure, serve, hold or nack: there is no further sink behind this one')
  }
}
