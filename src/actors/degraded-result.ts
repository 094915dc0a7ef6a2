// Marks what a degrade handler has made: all its outputs carry a header that says for which stage it stood in.

import { Message } from '../kernel/message.js'
import { isPromise } from '../kernel/promise.js'
import { outputOf } from './emitter.js'
import type { MapOutput, MapResult, Output } from './map-handler.js'
import { isOutput } from './map-task.js'

/** The header, with the name of the stage. */
const DEGRADED_HEADER = 'millrace-degraded'

/** Gives the result with the header on each output. What is no result stays as it is: the mapper says what is wrong with it. */
export function markedResult(
  result: MapResult | Promise<MapResult>,
  message: Message,
  stage: string,
): MapResult | Promise<MapResult> {
  if (isPromise(result)) return Promise.resolve(result).then((value) => marked(value, message, stage))
  return marked(result, message, stage)
}

function marked(result: MapResult, message: Message, stage: string): MapResult {
  const mark = (output: MapOutput) => markedOutput(output, message, stage)
  if (result === undefined || result === null || isOutput(result)) return result && mark(result as MapOutput)
  if (Array.isArray(result)) return result.map(mark)
  if (typeof result !== 'object') return result
  if (Symbol.asyncIterator in result) return eachAsync(result, mark)
  return Symbol.iterator in result ? each(result as Iterable<MapOutput>, mark) : result
}

function markedOutput(output: MapOutput, message: Message, stage: string): MapOutput {
  if (!isOutput(output)) return output
  const given = fieldsOf(output)
  return { ...given, headers: { ...(given.headers ?? message.headers), [DEGRADED_HEADER]: stage } }
}

function fieldsOf(output: MapOutput): Output {
  if (typeof output === 'string' || output instanceof Uint8Array) return { value: output }
  return output instanceof Message ? outputOf(output) : output
}

function* each(outputs: Iterable<MapOutput>, mark: (output: MapOutput) => MapOutput): Iterable<MapOutput> {
  for (const output of outputs) yield mark(output)
}

async function* eachAsync(
  outputs: AsyncIterable<MapOutput>,
  mark: (output: MapOutput) => MapOutput,
): AsyncIterable<MapOutput> {
  for await (const output of outputs) yield mark(output)
}
