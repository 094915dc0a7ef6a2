// The spans of a sink: one for each write, active while it is called, with a link to each message that is traced.
// It is in the trace of the first message that is recorded, so it is recorded where one of its messages is.

import type { Attributes, Context, Link, Span, SpanContext } from '@opentelemetry/api'
import type { TracedSink } from '../actors/actor-tracing.js'
import type { Message } from '../kernel/message.js'
import { isPromise } from '../kernel/promise.js'
import { Response } from '../sinks/response.js'
import type { Sink } from '../sinks/sink.js'
import { carryTrace } from './carry-trace.js'
import { isSampled } from './trace-text.js'
import type { Tracing } from './tracing.js'

type Batch = readonly Message[]
type Answer = readonly Response[]

/** Gives the sink with a span for each of its writes. */
export function traceSink(tracing: Tracing, name: string, sink: Sink): TracedSink {
  const spans = new SinkSpans(tracing, name, sink)
  const { ordered, atomic } = sink
  return {
    sink: { ...(ordered && { ordered }), ...(atomic && { atomic }), write: (batch) => spans.write(batch) },
    gaveUp: (batch, error) => spans.gaveUp(batch, error),
  }
}

class SinkSpans {
  private readonly tracing: Tracing
  private readonly sink: Sink
  private readonly spanName: string
  private readonly attributes: Attributes
  /** Of writes that have no answer yet. */
  private readonly pending = new Map<Batch, Span>()

  constructor(tracing: Tracing, name: string, sink: Sink) {
    this.tracing = tracing
    this.sink = sink
    this.spanName = `send ${name}`
    this.attributes = tracing.attributesFor('send', name)
  }

  write(batch: Batch): Answer | Promise<Answer> {
    const { tracing } = this
    const { context: contexts, trace } = tracing.api
    const { span, parent } = this.begin(batch)
    for (const message of batch) carryTrace(message, tracing)
    const context = trace.setSpan(parent, span)
    const call = () => this.sink.write(batch)
    if (!span.isRecording()) return contexts.with(context, call)
    span.setAttributes(attributesOf(batch))
    try {
      const answer = contexts.with(context, call)
      if (isPromise(answer)) return this.follow(batch, span, answer)
      this.end(span, batch, answer)
      return answer
    } catch (error) {
      tracing.endFailed(span, error)
      throw error
    }
  }

  gaveUp(batch: Batch, error: unknown): void {
    const span = this.pending.get(batch)
    if (span !== undefined) this.tracing.endFailed(span, error)
    this.pending.delete(batch)
  }

  private begin(batch: Batch): { span: Span; parent: Context } {
    const { tracing, spanName, attributes } = this
    const traces = batch.map((message) => tracing.spanContextOf(message.trace))
    const sampled = traces.filter((trace) => trace !== undefined && isSampled(trace)) as SpanContext[]
    const links = sampled.map((context): Link => ({ context }))
    const parent = tracing.contextOf(sampled[0] ?? traces.find((trace) => trace !== undefined), undefined)
    const kind = tracing.api.SpanKind.PRODUCER
    return { span: tracing.tracer.startSpan(spanName, { kind, attributes, links }, parent), parent }
  }

  private follow(batch: Batch, span: Span, promise: PromiseLike<Answer>): Promise<Answer> {
    const { pending } = this
    pending.set(batch, span)
    return Promise.resolve(promise).then(
      (answer) => {
        if (pending.delete(batch)) this.end(span, batch, answer)
        return answer
      },
      (error) => {
        if (pending.delete(batch)) this.tracing.endFailed(span, error)
        throw error
      },
    )
  }

  /** What was not written is told by an event for each message. An answer against the contract is for the actor to judge. */
  private end(span: Span, batch: Batch, answer: Answer): void {
    const failed = failuresIn(answer)
    for (const { id, outcome, reason } of failed) {
      span.addEvent(outcome, { 'messaging.message.id': id, 'exception.message': reason })
    }
    if (failed.length > 0) {
      const message = `${failed.length} of ${batch.length} messages were not written`
      span.setAttribute('error.type', failed[0].outcome)
      span.setStatus({ code: this.tracing.api.SpanStatusCode.ERROR, message })
    }
    span.end()
  }
}

function attributesOf(batch: Batch): Attributes {
  const attributes: Attributes = {
    'messaging.batch.message_count': batch.length,
    'millrace.attempt': Math.max(...batch.map(({ attempt }) => attempt)),
  }
  if (batch.length === 1) attributes['messaging.message.id'] = batch[0].id
  return attributes
}

const NOT_WRITTEN: readonly string[] = ['failure', 'fallback', 'nack']

type Failed = { id: string; outcome: string; reason: string }

function failuresIn(answer: unknown): Failed[] {
  try {
    return Array.isArray(answer) ? answer.filter(isNotWritten).map(failedOf) : []
  } catch {
    // What throws when it is looked at is the sink's breach, and not ours to report.
    return []
  }
}

function isNotWritten(each: unknown): boolean {
  return Response.isResponse(each) && NOT_WRITTEN.includes(each.outcome)
}

function failedOf({ ref, outcome, detail, options }: Response): Failed {
  const reason = String(detail ?? (options as { reason?: unknown } | undefined)?.reason)
  return { id: typeof ref === 'string' ? ref : ref.id, outcome, reason }
}
