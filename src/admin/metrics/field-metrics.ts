// The metrics whose names dashboards already know: those of a MonoVertex. docs/metrics.md says what each means here.

import type { CounterName, TimeName } from '../../kernel/counters.js'
import { PENDING_PERIODS } from '../pending-history.js'
import type { Group, Scrape } from './scrape.js'

export function writeFieldMetrics(scrape: Scrape): void {
  writeReader(scrape)
  const { text, dropped } = scrape
  text.single('monovtx_dropped_total', 'counter', 'Messages that were dropped by a decision.', dropped)
  writeErrors(scrape)
  writeHandlers(scrape)
  writeSinks(scrape)
  writeTimes(scrape)
}

function writeReader({ text, inspection, sum, state }: Scrape): void {
  const { read, acked, nacked } = inspection.progress
  text.single('monovtx_read_total', 'counter', 'Records that were read.', read)
  text.single('monovtx_read_bytes_total', 'counter', 'Bytes of their values.', sum('readBytes'))
  text.single('monovtx_ack_total', 'counter', 'Records that were acked.', acked)
  text.single('monovtx_nack_total', 'counter', 'Records that were nacked.', nacked)
  text.single('monovtx_read_batch_size', 'gauge', 'Records of the last read.', sum('readBatch'))
  if (state.pending.average(1) === undefined) return
  text.family('monovtx_pending', 'gauge', 'Records still to be read, on average over the period.')
  for (const [period, seconds] of Object.entries(PENDING_PERIODS))
    text.sample('monovtx_pending', state.pending.average(seconds) ?? 0, { period })
}

function writeErrors({ text, inspection, sum }: Scrape): void {
  const { restarts, poisoned } = inspection.progress
  const name = 'monovtx_critical_error_total'
  text.family(name, 'counter', 'What cost a thread, or the topology, by reason.')
  text.sample(name, restarts, { reason: 'thread_died' })
  text.sample(name, sum('breaches'), { reason: 'sink_contract' })
  text.sample(name, poisoned, { reason: 'poison' })
  if (inspection.failure !== undefined) text.sample(name, 1, { reason: inspection.failure.code })
}

function writeHandlers(scrape: Scrape): void {
  if (scrape.stages.length === 0) return
  const { stages } = scrape
  count(scrape, 'monovtx_udf_error_total', 'Calls of a handler that failed.', stages, ['failed'])
  count(scrape, 'monovtx_udf_drop_total', 'Messages that a handler returned nothing for.', stages, [
    'filtered',
  ])
}

function writeSinks(scrape: Scrape): void {
  const { sinks, fallback, onSuccess } = scrape
  const accepted: CounterName[] = ['written', 'onSuccess']
  count(scrape, 'monovtx_sink_write_total', 'Messages that a sink accepted.', sinks, accepted)
  count(scrape, 'monovtx_sink_write_errors_total', 'Messages whose write failed, each time.', sinks, [
    'failed',
  ])
  count(scrape, 'monovtx_sink_dropped_total', 'Messages that were dropped at a sink.', sinks, ['dropped'])
  if (fallback.length > 0)
    count(
      scrape,
      'monovtx_fallback_sink_write_total',
      'Messages that the fallback sink accepted.',
      fallback,
      ['written'],
    )
  if (onSuccess.length > 0)
    count(
      scrape,
      'monovtx_onsuccess_sink_write_total',
      'Messages that the onSuccess sink accepted.',
      onSuccess,
      ['written'],
    )
}

function writeTimes(scrape: Scrape): void {
  const { stages, sinks, fallback, onSuccess } = scrape
  const reader = [{ actors: scrape.readers }]
  time(
    scrape,
    'monovtx_processing_time',
    'From the read of a record to its ack or nack, in µs.',
    reader,
    'processing',
  )
  time(scrape, 'monovtx_read_time', 'A read that gave records, in µs.', reader, 'read')
  time(scrape, 'monovtx_ack_time', 'Telling the source acks and nacks, in µs.', reader, 'ack')
  time(scrape, 'monovtx_udf_time', 'A call of a handler, in µs.', stages, 'call')
  time(scrape, 'monovtx_sink_time', 'A write of a sink, of a whole batch, in µs.', sinks, 'write')
  time(scrape, 'monovtx_fallback_sink_time', 'A write of the fallback sink, in µs.', fallback, 'write')
  time(scrape, 'monovtx_onsuccess_sink_time', 'A write of the onSuccess sink, in µs.', onSuccess, 'write')
}

function count(
  { text }: Scrape,
  name: string,
  help: string,
  groups: readonly Group[],
  counters: readonly CounterName[],
): void {
  text.family(name, 'counter', help)
  for (const { actors, labels } of groups) {
    const total = actors.flatMap((actor) => counters.map((each) => actor.counters.get(each)))
    text.sample(
      name,
      total.reduce((sum, each) => sum + each, 0),
      labels,
    )
  }
}

function time(
  { text, buckets, cumulative }: Scrape,
  name: string,
  help: string,
  groups: readonly Group[],
  of: TimeName,
): void {
  if (groups.length === 0) return
  text.family(name, 'histogram', help)
  for (const { actors, labels } of groups) {
    const { below, total, sumUs } = cumulative(actors, of)
    text.histogram(name, buckets.boundsUs, below, total, sumUs, labels)
  }
}
