// The spans of a map stage: one for each call of its handler, active while the handler runs, its promise is pending, or its stream
// is read. What it emits carries the span's context on. Where nothing is recorded the handler's result passes untouched.

import type { Attributes, Context, Span } from '@opentelemetry/api'
import type { TracedHandler } from '../actors/actor-tracing.js'
import type { MapContext, MapHandler, MapResult } from '../actors/map-handler.js'
import type { Message } from '../kernel/message.js'
import { isPromise } from '../kernel/promise.js'
import { traceText } from './trace-text.js'
import { tracedResult } from './traced-result.js'
import type { Tracing } from './tracing.js'

/** Gives the handler with a span for each of its calls. */
export function traceHandler(tracing: Tracing, stage: string, handler: MapHandler): TracedHandler {
  const spans = new HandlerSpans(tracing, stage, handler)
  return {
    handler: (message, context) => spans.call(message, context),
    gaveUp: (message, error) => spans.gaveUp(message, error),
  }
}

class HandlerSpans {
  private readonly tracing: Tracing
  private readonly handler: MapHandler
  private readonly spanName: string
  private readonly attributes: Attributes
  /** Of calls that are pending. */
  private readonly pending = new Map<Message, Span>()

  constructor(tracing: Tracing, stage: string, handler: MapHandler) {
    this.tracing = tracing
    this.handler = handler
    this.spanName = `process ${stage}`
    this.attributes = tracing.attributesFor('process', stage)
  }

  call(message: Message, mapContext: MapContext): MapResult | Promise<MapResult> {
    const { tracing, handler, spanName, attributes } = this
    const { api, tracer } = tracing
    const { headers } = message
    const trace = tracing.spanContextOf(message.trace)
    const parent = tracing.contextOf(trace, 'baggage' in headers ? headers : undefined)
    const span = tracer.startSpan(spanName, { kind: api.SpanKind.INTERNAL, attributes }, parent)
    const context = api.trace.setSpan(parent, span)
    if (!span.isRecording()) return api.context.with(context, handler, undefined, message, mapContext)
    span.setAttributes(attributesOf(message))
    try {
      const result = api.context.with(context, handler, undefined, message, mapContext)
      if (!isPromise(result)) return this.finish(message, span, context, result)
      return this.follow(message, span, context, result)
    } catch (error) {
      tracing.endFailed(span, error)
      throw error
    }
  }

  gaveUp(message: Message, error: unknown): void {
    const span = this.pending.get(message)
    if (span !== undefined) this.tracing.endFailed(span, error)
    this.pending.delete(message)
  }

  private follow(
    message: Message,
    span: Span,
    context: Context,
    promise: PromiseLike<MapResult>,
  ): Promise<MapResult> {
    const { pending } = this
    pending.set(message, span)
    // False where it was given up: then its span has ended, and its result counts no more.
    const isAwaited = () => pending.get(message) === span && pending.delete(message)
    return Promise.resolve(promise)
      .then((result) => (isAwaited() ? this.finish(message, span, context, result) : result))
      .catch((error) => {
        if (isAwaited() || span.isRecording()) this.tracing.endFailed(span, error)
        throw error
      })
  }

  private finish(message: Message, span: Span, context: Context, result: MapResult): MapResult {
    const { tracing } = this
    return tracedResult(result, {
      message,
      trace: traceText(span.spanContext()),
      within: (read) => tracing.api.context.with(context, read),
      ended: () => span.end(),
      failed: (error) => tracing.endFailed(span, error),
    })
  }
}

function attributesOf(message: Message): Attributes {
  const { partition } = message
  return {
    'messaging.message.id': message.id,
    'millrace.attempt': message.attempt,
    'millrace.delivery': message.delivery,
    ...(partition !== undefined && { 'messaging.destination.partition.id': String(partition) }),
  }
}
