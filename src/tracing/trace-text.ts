// The trace context of a message as text: W3C `traceparent`, and `tracestate` after a line feed if there is one.
// This is how it lies in a record, from thread to thread.

import type { SpanContext, TraceState } from '@opentelemetry/api'

const PARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const NO_TRACE = '0'.repeat(32)
const NO_SPAN = '0'.repeat(16)
const SAMPLED = 1

/** Makes the text of a span's context. */
export function traceText({ traceId, spanId, traceFlags, traceState }: SpanContext): string {
  const flags = traceFlags.toString(16).padStart(2, '0')
  const state = traceState?.serialize()
  return `00-${traceId}-${spanId}-${flags}${state ? `\n${state}` : ''}`
}

/** Reads the text; undefined for none, or for what is no trace context. */
export function spanContextOf(
  text: string | undefined,
  stateOf: (text: string) => TraceState,
): SpanContext | undefined {
  if (text === undefined) return undefined
  const end = text.indexOf('\n')
  const match = PARENT.exec(end < 0 ? text : text.slice(0, end))
  if (match === null) return undefined
  const [, traceId, spanId, flags, more] = match
  if (traceId === NO_TRACE || spanId === NO_SPAN || (more !== undefined && text.startsWith('00')))
    return undefined
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
  return end < 0 ? context : { ...context, traceState: stateOf(text.slice(end + 1)) }
}

/** Tells whether somebody upstream decided to record this trace. */
export function isSampled({ traceFlags }: SpanContext): boolean {
  return (traceFlags & SAMPLED) !== 0
}
