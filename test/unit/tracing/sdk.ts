// A real OpenTelemetry SDK for tests of this folder: it is registered on this thread, and keeps its spans in memory.

import * as api from '@opentelemetry/api'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import type { Log } from '../../../src/kernel/log.js'
import { Tracing } from '../../../src/tracing/tracing.js'

const exporter = new InMemorySpanExporter()
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()

const ignore = () => {}
const log: Log = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore, fatal: ignore }

/** Gives the tracing of a thread, and forgets all spans. */
export function makeTracing(): Tracing {
  exporter.reset()
  return new Tracing(api, 'topology', 'thread', log)
}

/** The spans that have ended, as plain data. */
export function endedSpans() {
  return exporter.getFinishedSpans().map((span) => ({
    name: span.name,
    id: span.spanContext().spanId,
    traceId: span.spanContext().traceId,
    parentId: span.parentSpanContext?.spanId,
    failed: span.status.code === api.SpanStatusCode.ERROR ? span.status.message : undefined,
    attributes: span.attributes,
    events: span.events,
    links: span.links.map(({ context }) => context.spanId),
  }))
}

/** A trace context as text, of a made-up upstream. */
export function traceOf(digit: string, isSampled = true): string {
  return `00-${digit.repeat(32)}-${digit.repeat(16)}-0${isSampled ? 1 : 0}`
}
