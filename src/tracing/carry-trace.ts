// What a sink sees in the headers of a traced message: its trace context, in the words of the SDK's propagator (`traceparent`).
// So a sink that passes headers on passes the trace on. They are made when the sink asks for them; the record stays as it is.

import type { Headers, HeaderValue } from '../kernel/codec.js'
import { Message } from '../kernel/message.js'
import type { Tracing } from './tracing.js'

const headersOf = Object.getOwnPropertyDescriptor(Message.prototype, 'headers')?.get as (
  this: Message,
) => Headers
/** One descriptor for each tracing: messages keep one shape. */
const descriptors = new WeakMap<Tracing, PropertyDescriptor>()

/** Puts the trace of a message into its headers, in place of the one that it came with. */
export function carryTrace(message: Message, tracing: Tracing): void {
  let descriptor = descriptors.get(tracing)
  if (descriptor === undefined) {
    descriptor = descriptorFor(tracing)
    descriptors.set(tracing, descriptor)
  }
  Object.defineProperty(message, 'headers', descriptor)
}

function descriptorFor(tracing: Tracing): PropertyDescriptor {
  return {
    get(this: Message): Headers {
      const own = headersOf.call(this)
      const trace = tracing.spanContextOf(this.trace)
      if (trace === undefined) return own
      const headers: Record<string, HeaderValue> = Object.assign(Object.create(null), own)
      tracing.api.propagation.inject(tracing.contextOf(trace, own), headers)
      return headers
    },
  }
}
