// A source's life: the signal, a successor, close.

import { breach, described, preview } from './breach.js'
import { notRun } from './case.js'
import { within } from './deadline.js'
import { type Seen, sameValue } from './seen.js'
import type { SourceCase } from './source-case.js'
import { CLOSES, type LiveSource, type SourceKit } from './source-kit.js'

const ABORT_MS = 1_000

export const LIFE_CASES: readonly SourceCase[] = [
  { name: 'aborting the signal ends a read that waits', check: abortEndsRead },
  { name: 'a successor resumes at the lowest record that is not settled', check: resumes },
  { name: CLOSES, check: closeAfterRead },
  { name: `${CLOSES} without a read before it`, check: closeAtOnce },
  { name: `${CLOSES} while a read waits`, check: closeWhileReading },
]

async function abortEndsRead(kit: SourceKit, rule: string): Promise<void> {
  const live = await kit.open()
  const waiting = await live.waitingRead()
  if (!waiting) return
  const { abortMs = ABORT_MS } = kit.options
  live.abort()
  const wanted = 'what there is, an empty list, or null, soon after the abort'
  const ended = waiting.reading.catch((error) => {
    if (error?.name !== 'AbortError') breach(rule, `the read threw ${described(error)}`, wanted)
  })
  await within(ended, abortMs, () =>
    breach(rule, `the read still waited ${abortMs} ms after the abort`, wanted),
  )
}

async function resumes(kit: SourceKit, rule: string): Promise<void> {
  if (!kit.options.resumable) return
  const first = await kit.open()
  const all = await first.readSome(first.limit)
  if (all.length === 0) return notRun(rule, 'the source gave no record')
  const settled = Math.floor(all.length / 2)
  await first.ack(all.slice(0, settled))
  await first.close()
  const { partition, offset = 0n } = all[settled]
  const second = await kit.open({ partition, offset })
  const rest = await second.readSome(all.length - settled)
  requireRest(rule, all, settled, rest)
  await requireNoMore(rule, kit, second)
}

function requireRest(rule: string, all: readonly Seen[], settled: number, rest: readonly Seen[]): void {
  const from = all[settled].at
  for (let i = settled; i < all.length; i++) {
    const now = rest[i - settled]
    if (now?.at === all[i].at && sameValue(now.value, all[i].value)) continue
    const got = now === undefined ? 'nothing' : `${now.at} with ${preview(now.value)}`
    const what = `resumed at ${from}, it gave ${got} where ${all[i].at} with ${preview(all[i].value)} follows`
    breach(rule, what, 'the record at `resume`, and all that follow it')
  }
}

async function requireNoMore(rule: string, kit: SourceKit, live: LiveSource): Promise<void> {
  if (kit.options.endless || live.expected === undefined) return
  const more = await live.readSome(1)
  if (more.length > 0) breach(rule, `${more[0].at} came after the last record of the run before`, 'the end')
}

async function closeAfterRead(kit: SourceKit): Promise<void> {
  const live = await kit.open()
  await live.readSome(Math.min(7, live.limit))
  await live.close()
}

async function closeAtOnce(kit: SourceKit): Promise<void> {
  const live = await kit.open()
  await live.close()
}

async function closeWhileReading(kit: SourceKit): Promise<void> {
  const live = await kit.open()
  await live.waitingRead()
  await live.close()
}
