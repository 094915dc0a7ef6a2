// What a handler returned, with the trace context of its span in every output. A stream ends its span when it has been read.

import { outputOf } from '../actors/emitter.js'
import type { MapOutput, MapResult, Output } from '../actors/map-handler.js'
import { assertOutput, isOutput } from '../actors/map-task.js'
import { Message } from '../kernel/message.js'
import { isPromise } from '../kernel/promise.js'

export type TracedCall = {
  message: Message
  /** Goes into every output that has none of its own. */
  trace: string
  /** Runs a function with the span active. */
  within: <Value>(read: () => Value) => Value
  ended: () => void
  failed: (error: unknown) => void
}

/** Gives the same result, with the trace in it. Throws as the mapper would, where it is none. */
export function tracedResult(result: MapResult, call: TracedCall): MapResult {
  if (isStream(result)) return tracedStream(result, call)
  const traced = Array.isArray(result)
    ? result.map((output) => tracedOutput(output, call, result.length === 1))
    : result === undefined || result === null
      ? result
      : tracedOutput(result as MapOutput, call, true)
  call.ended()
  return traced
}

type Stream = Iterable<MapOutput> | AsyncIterable<MapOutput>
type Step = IteratorResult<MapOutput>

function isStream(result: MapResult): result is Stream {
  if (typeof result !== 'object' || result === null || isOutput(result) || Array.isArray(result)) return false
  return Symbol.asyncIterator in result || Symbol.iterator in result
}

/** `isOnly`: it has no siblings. Then the message itself keeps its keys and its lane as they are. */
function tracedOutput(output: MapOutput, call: TracedCall, isOnly: boolean): Output {
  assertOutput(output)
  const { message, trace } = call
  if (typeof output === 'string' || output instanceof Uint8Array) return { value: output, trace }
  if (output === message && isOnly) return { value: message.tombstone ? null : message.value, trace }
  if (output instanceof Message) return { ...outputOf(output), trace }
  const { value, keys, tags, headers, eventTime } = output
  return { value, keys, tags, headers, eventTime, trace: output.trace ?? trace } as Output
}

function tracedStream(result: Stream, call: TracedCall): MapResult {
  const isAsync = Symbol.asyncIterator in result
  const begin = () =>
    isAsync ? result[Symbol.asyncIterator]() : (result as Iterable<MapOutput>)[Symbol.iterator]()
  let iterator: Iterator<MapOutput> | AsyncIterator<MapOutput> | undefined
  let isOver = false
  const over = (report: () => void) => {
    if (!isOver) report()
    isOver = true
  }
  const failed = (error: unknown): never => {
    over(() => call.failed(error))
    throw error
  }
  const accept = (step: Step): Step => {
    if (!step.done) return { done: false, value: tracedOutput(step.value, call, false) }
    over(call.ended)
    return step
  }
  const traced = {
    next() {
      try {
        iterator ??= call.within(begin)
        const source = iterator
        const step = call.within(() => source.next())
        return isPromise(step) ? Promise.resolve(step).then(accept).catch(failed) : accept(step)
      } catch (error) {
        return failed(error)
      }
    },
    /** The attempt failed elsewhere. */
    return(value?: unknown) {
      over(() => call.failed(new Error('not read to its end')))
      return call.within(() => iterator?.return?.(value)) ?? { done: true, value }
    },
    [isAsync ? Symbol.asyncIterator : Symbol.iterator]: () => traced,
  }
  return traced as unknown as MapResult
}
