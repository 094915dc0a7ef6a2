// A sink's life: open, several writes at once, several instances, close.

import { requireSound } from './answers.js'
import { TestBatch } from './batch.js'
import { closeAndRequireAccepted, requireNoThrow, type SinkCase } from './sink-case.js'
import { CLOSES, type SinkKit } from './sink-kit.js'

export const LIFE_CASES: readonly SinkCase[] = [
  { name: 'writes overlap up to `concurrency`, each with its own answers', check: overlap },
  { name: 'two instances live side by side', check: twoInstances },
  { name: CLOSES, check: closeAfterWrite },
  { name: `${CLOSES} without a write before it`, check: closeAtOnce },
]

async function overlap(kit: SinkKit, rule: string): Promise<void> {
  const live = await kit.open()
  const size = Math.min(3, live.batchMax)
  const count = live.sink.concurrency ?? 1
  const batches = Array.from({ length: count }, (_, i) => new TestBatch(kit.plain(size, 1 + i * size)))
  for (const answers of await Promise.all(batches.map((batch) => live.write(batch)))) {
    requireNoThrow(rule, answers, `${count} writes at once, as \`concurrency\` says`)
    if (count > 1) requireSound(answers)
  }
  await closeAndRequireAccepted(live, rule)
}

async function twoInstances(kit: SinkKit, rule: string): Promise<void> {
  const first = await kit.open()
  const second = await kit.open()
  const size = Math.min(2, first.batchMax)
  const wanted = 'instances of a sink that know nothing of each other'
  requireNoThrow(rule, await first.writeSpecs(kit.plain(size)), wanted)
  requireNoThrow(rule, await second.writeSpecs(kit.plain(size, 3)), wanted)
  await first.close().catch(() => undefined)
  requireNoThrow(rule, await second.writeSpecs(kit.plain(size, 5)), wanted)
  await closeAndRequireAccepted(first, rule)
  await closeAndRequireAccepted(second, rule)
}

async function closeAfterWrite(kit: SinkKit): Promise<void> {
  const live = await kit.open()
  await live.writeSpecs(kit.plain(1))
  await live.close()
}

async function closeAtOnce(kit: SinkKit): Promise<void> {
  const live = await kit.open()
  await live.close()
}
