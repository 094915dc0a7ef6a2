// Random batches of random messages: every rule that can be seen from outside, at once.

import type { Arbitrary } from 'fast-check'
import type { Headers, Value } from '../kernel/codec.js'
import { type Answers, isWritten, requireSound } from './answers.js'
import { type MessageSpec, TestBatch } from './batch.js'
import { breach, listed } from './breach.js'
import { checkRandom, type FastCheck } from './random.js'
import { closeAndRequireAccepted, requireNoThrow, type SinkCase } from './sink-case.js'
import { type LiveSink, SinkKit } from './sink-kit.js'
import type { MakeSink, SinkContractOptions } from './sink-options.js'

const RUNS = 30
const TIMEOUT_MS = 30_000
const BATCHES_MAX = 5
const MESSAGES_MAX = 20

type Draft = { value: Value; keys: readonly string[]; headers: Headers }

/** Makes the case, which makes a sink of its own for every input. */
export function randomSinkCase(make: MakeSink, options: SinkContractOptions): SinkCase {
  const { seed, runs = RUNS, timeoutMs = TIMEOUT_MS } = options
  return {
    name: 'random batches keep every rule',
    check: (_, rule) =>
      checkRandom(
        rule,
        { seed, runs, timeoutMs },
        (fc) => batches(fc, options),
        async (drafts) => {
          const kit = new SinkKit(make, options)
          try {
            await writeAll(kit, drafts)
          } finally {
            await kit.end()
          }
        },
      ),
  }
}

async function writeAll(kit: SinkKit, drafts: readonly (readonly Draft[])[]): Promise<void> {
  const live = await kit.open()
  let number = 0
  for (const draft of drafts) {
    const specs = draft.slice(0, live.batchMax).map((one) => named(kit, one, ++number))
    const batch = new TestBatch(specs)
    const answers = await live.write(batch)
    requireNoThrow(
      'write answers each message',
      answers,
      'an answer for each: a throw fails the whole batch, again and again',
    )
    requireSound(answers)
    if (live.sink.ordered) requireNoOkAfterFailure(specs, answers)
    const changed = batch.changed()
    if (changed.length > 0)
      breach('the messages are not written to', `write changed ${listed(changed)}`, 'read only')
    batch.overwrite()
  }
  await requireTrue(live)
}

async function requireTrue(live: LiveSink): Promise<void> {
  if (live.made.accepted === undefined) await live.close()
  else await closeAndRequireAccepted(live, 'ok means written: once, and with these bytes')
}

/** Of a sink for values of one kind, only the rest of a message is random. */
function named({ options }: SinkKit, draft: Draft, number: number): MessageSpec {
  const value = options.value ? options.value(number) : draft.value
  return { ...draft, id: `m-${number}`, value }
}

function requireNoOkAfterFailure(specs: readonly MessageSpec[], { ids, byId }: Answers): void {
  const failed = new Map<string, string>()
  for (const [i, id] of ids.entries()) {
    const lane = JSON.stringify(specs[i].keys ?? [])
    const outcome = byId.get(id)?.outcome
    const before = failed.get(lane)
    if (before !== undefined && isWritten(outcome)) {
      const what = `ok was answered for ${listed([id])} after ${listed([before])} of the same key failed`
      breach(
        'an ordered sink writes nothing of a key after a failure of that key',
        what,
        'failure for what follows',
      )
    }
    if (outcome === 'failure' || outcome === 'hold') failed.set(lane, id)
  }
}

function batches(fc: FastCheck, options: SinkContractOptions): Arbitrary<Draft[][]> {
  const text = fc.string({ unit: 'binary', maxLength: 40 })
  const bytes = fc.uint8Array({ maxLength: 300 })
  const value = fc.oneof(
    { weight: 4, arbitrary: text },
    { weight: 3, arbitrary: bytes },
    { weight: 1, arbitrary: fc.constant(null) },
  )
  const name = fc.constantFrom('a', 'b', 'c', 'ключ', '')
  const draft = fc.record({
    value: options.lineBreaks === false ? value.map(withoutLineBreaks) : value,
    keys: fc.array(name, { maxLength: 2 }),
    headers: fc.dictionary(fc.constantFrom('h1', 'h2'), fc.oneof(text, bytes), { maxKeys: 2 }),
  })
  const batch = fc.array(draft, { minLength: 1, maxLength: MESSAGES_MAX })
  return fc.array(batch, { minLength: 1, maxLength: BATCHES_MAX })
}

function withoutLineBreaks(value: Value): Value {
  if (value === null) return null
  return typeof value === 'string'
    ? value.replace(/[\r\n]/g, '.')
    : value.filter((byte) => byte !== 10 && byte !== 13)
}
