// The metrics that are ours alone: what is in hand and where, threads, mailboxes, memory. docs/metrics.md says what each means.

import type { CounterName } from '../../kernel/counters.js'
import type { Labels } from './metrics-text.js'
import type { Scrape } from './scrape.js'

export function writeOwnMetrics(scrape: Scrape): void {
  writeAccount(scrape)
  writeActors(scrape)
  writeThreads(scrape)
  writeMailboxes(scrape)
  writeSource(scrape)
  writeProcess(scrape)
}

function writeAccount({ text, inspection, sum }: Scrape): void {
  const { inFlight, abandoned, poisoned, fallback, onSuccess } = inspection.progress
  text.single('millrace_ready', 'gauge', '1 while everything works, as /readyz.', inspection.ready ? 1 : 0)
  text.single('millrace_in_flight', 'gauge', 'Records that were read and not settled.', inFlight)
  text.single('millrace_abandoned_total', 'counter', 'Records in flight when their reader died.', abandoned)
  text.single('millrace_refused_total', 'counter', 'Records that were nacked for good.', sum('refused'))
  text.single(
    'millrace_poisoned_total',
    'counter',
    'Messages that killed their thread again and again.',
    poisoned,
  )
  text.single('millrace_fallback_total', 'counter', 'Messages that were sent to the fallback.', fallback)
  text.single(
    'millrace_onsuccess_total',
    'counter',
    'Messages that were sent to the onSuccess sink.',
    onSuccess,
  )
  text.single('millrace_stale_total', 'counter', 'Settlements for a reader that had died.', sum('stale'))
}

function writeActors(scrape: Scrape): void {
  const { text, actors } = scrape
  const families: readonly [CounterName, string, 'counter' | 'gauge', string, readonly string[]][] = [
    ['inFlight', 'actor_in_flight', 'gauge', 'Messages that an actor has in hand.', ['mapper', 'sink']],
    ['calls', 'calls_total', 'counter', 'Calls of a handler.', ['mapper']],
    ['forwarded', 'forwarded_total', 'counter', 'Messages that were routed.', ['forwarder']],
    ['batches', 'batches_total', 'counter', 'Writes of a sink.', ['sink']],
    ['failed', 'failed_total', 'counter', 'Attempts that failed.', ['mapper', 'sink']],
    ['retried', 'retried_total', 'counter', 'Attempts after the first.', ['mapper', 'sink']],
    ['held', 'held_total', 'counter', 'Messages that a sink asked to be given again later.', ['sink']],
    ['cancelled', 'cancelled_total', 'counter', 'Messages for which nobody waited any more.', ['mapper']],
    ['degraded', 'degraded_total', 'counter', 'Calls of a degrade handler.', ['mapper']],
    ['late', 'late_total', 'counter', 'Messages whose answer came after its time-out.', ['mapper', 'sink']],
  ]
  for (const [counter, name, type, help, kinds] of families) {
    const those = actors.filter(({ view }) => kinds.includes(view.kind))
    if (those.length === 0) continue
    text.family(`millrace_${name}`, type, help)
    for (const { view, counters } of those)
      text.sample(`millrace_${name}`, counters.get(counter), { actor: view.name })
  }
  writeDrivers(scrape)
  writeSinkStats(scrape)
  writeFailing(scrape)
  writeCircuits(scrape)
}

/** Other metrics are labelled by it where one joins them. */
function writeDrivers({ text, actors }: Scrape): void {
  const those = actors.filter(({ view }) => view.driver !== undefined)
  if (those.length === 0) return
  text.family('millrace_driver', 'gauge', 'Which client does the work of a source or sink: always 1.')
  for (const { view } of those)
    text.sample('millrace_driver', 1, { actor: view.name, driver: String(view.driver) })
}

function writeSinkStats({ text, actors }: Scrape): void {
  const those = actors.filter(({ view }) => view.stats !== undefined)
  if (those.length === 0) return
  text.family('millrace_sink_stat', 'gauge', 'What a sink says of itself, by name.')
  for (const { view } of those)
    for (const [stat, value] of Object.entries(view.stats ?? {}))
      text.sample('millrace_sink_stat', value, { sink: view.name, stat })
}

function writeFailing({ text, actors, now }: Scrape): void {
  const name = 'millrace_sink_failing_seconds'
  text.family(name, 'gauge', 'For how long a sink has accepted nothing; 0 while it works.')
  for (const { view, counters } of actors) {
    if (view.kind !== 'sink') continue
    const sinceMs = counters.get('failingSince')
    text.sample(name, sinceMs === 0 ? 0 : Math.max(0, now - sinceMs) / 1_000, { sink: view.name })
  }
}

function writeCircuits({ text, actors }: Scrape): void {
  const name = 'millrace_circuit_open'
  const mappers = actors.filter(({ view }) => view.kind === 'mapper')
  if (mappers.length === 0) return
  text.family(name, 'gauge', '1 while the degrade handler stands in.')
  for (const { view, counters } of mappers)
    text.sample(name, counters.get('degradedSince') > 0 ? 1 : 0, { actor: view.name })
}

function writeThreads({ text, inspection }: Scrape): void {
  const { threads } = inspection
  text.family(
    'millrace_thread_up',
    'gauge',
    '0 between the death of a thread and the start of its successor.',
  )
  for (const { thread, isDown } of threads) text.sample('millrace_thread_up', isDown ? 0 : 1, { thread })
  text.family('millrace_thread_restarts_total', 'counter', 'Threads that died, or were ended, and went on.')
  for (const { thread, restarts } of threads)
    text.sample('millrace_thread_restarts_total', restarts, { thread })
}

function writeMailboxes({ text, inspection }: Scrape): void {
  const labelled = inspection.mailboxes.map(({ from, to, ...bytes }): typeof bytes & { labels: Labels } => ({
    ...bytes,
    labels: { from, to },
  }))
  text.family('millrace_mailbox_used_bytes', 'gauge', 'Bytes of a mailbox that are in use.')
  for (const { usedBytes, labels } of labelled) text.sample('millrace_mailbox_used_bytes', usedBytes, labels)
  text.family('millrace_mailbox_capacity_bytes', 'gauge', 'Bytes that a mailbox has.')
  for (const { capacityBytes, labels } of labelled)
    text.sample('millrace_mailbox_capacity_bytes', capacityBytes, labels)
}

function writeSource({ text, inspection }: Scrape): void {
  const { pending, unit } = inspection.progress
  if (pending !== undefined) {
    text.family('millrace_source_pending', 'gauge', 'What the source has still to give, in its unit.')
    text.sample('millrace_source_pending', pending, { unit })
  }
  const stats = Object.entries(inspection.source)
  if (stats.length === 0) return
  text.family('millrace_source_stat', 'gauge', 'What the source says of itself, by name.')
  for (const [stat, value] of stats) text.sample('millrace_source_stat', value, { stat })
}

function writeProcess({ text, inspection, state }: Scrape): void {
  const { residentBytes, mailboxBytes } = inspection.memory
  text.family('millrace_memory_bytes', 'gauge', 'Memory of the process, and what of it mailboxes are.')
  text.sample('millrace_memory_bytes', residentBytes, { kind: 'resident' })
  text.sample('millrace_memory_bytes', mailboxBytes, { kind: 'mailboxes' })
  const { user, system } = process.cpuUsage()
  text.single('millrace_cpu_seconds_total', 'counter', 'CPU time of the process.', (user + system) / 1e6)
  const lag = 'The longest that the main thread kept anybody waiting in the last 15 s.'
  text.single('millrace_event_loop_lag_seconds', 'gauge', lag, state.heartbeat.lagSeconds)
  const started = Date.parse(inspection.startedAt) / 1_000
  text.single('millrace_start_time_seconds', 'gauge', 'When it started, in seconds since 1970.', started)
}
