// One message in a mapper whose handler is not done with it in the same call: it waits for a promise, for space, for its turn, for a retry.

import { LANE_MASK, SHAPE } from '../kernel/layout.js'
import { Message } from '../kernel/message.js'
import { nearest } from '../kernel/nearest.js'
import { NO_TICKET } from './circuit.js'
import type { Shortage } from './emitter.js'
import type { MapOutput, MapResult } from './map-handler.js'
import type { Failure } from './records.js'

/** What becomes of a message once its handler is done. */
export type Verdict = 'outputs' | 'stream' | 'forward' | 'dropped' | 'nack' | 'fallback'

export type OutputIterator = Iterator<MapOutput> | AsyncIterator<MapOutput>

export class MapTask {
  /** Where it lies now: parking moves it. */
  message: Message
  readonly lane: number
  /** Undefined until its handler is done with it. */
  verdict: Verdict | undefined
  outputs: readonly MapOutput[] = NO_OUTPUTS
  stream: OutputIterator | undefined
  failure: Failure | undefined = undefined
  /** Where its outputs had no room. */
  shortage: Shortage | undefined = undefined
  dueMs = 0
  /** When its pending call began. */
  startedMs = 0
  /** Number of the handler's execution. */
  execution = 0
  /** Number of the call whose result counts: a late one is ignored. */
  call = 0
  /** Of its call of a handler that another stands in for, until it is known how it ended. */
  ticket = NO_TICKET
  /** True where its attempts are exhausted, and the degrade handler is to be called. */
  needsStandIn = false
  /** True where the degrade handler was called for it last. */
  isStandIn = false
  /** True from its call on, until an attempt has failed: its outputs may be views of the message. */
  isFixed = false

  constructor(message: Message, verdict?: Verdict) {
    this.message = message
    this.lane = message.inbound.ring.words[message.at + SHAPE] & LANE_MASK
    this.verdict = verdict
  }
}

const NO_OUTPUTS: readonly MapOutput[] = []
/** A synchronous stream with no more outputs than this is treated as an array: placed whole. */
const WHOLE_MAX = 1024

/** Sorts a handler's result into the task's outputs or stream. Throws TypeError for what is neither. */
export function acceptResult(task: MapTask, result: MapResult): void {
  task.stream = undefined
  task.outputs = NO_OUTPUTS
  task.verdict = 'outputs'
  if (result === undefined || result === null) return
  if (isOutput(result)) {
    checkFields(result)
    task.outputs = [result]
  } else if (Array.isArray(result)) {
    for (const output of result) assertOutput(output)
    task.outputs = result
  } else if (typeof result === 'object' && Symbol.asyncIterator in result) {
    task.stream = result[Symbol.asyncIterator]()
    task.verdict = 'stream'
  } else if (typeof result === 'object' && Symbol.iterator in result) {
    acceptIterator(task, (result as Iterable<MapOutput>)[Symbol.iterator]())
  } else assertOutput(result)
}

/** Throws TypeError unless the value may be an output. */
export function assertOutput(value: unknown): asserts value is MapOutput {
  if (isOutput(value)) {
    checkFields(value)
    return
  }
  const got = value === null ? 'null' : typeof value
  throw new TypeError(
    `a handler returns text, bytes, { value }, a message, an array or a stream of these, or nothing; not ${got}. For JSON: return JSON.stringify(…)`,
  )
}

function acceptIterator(task: MapTask, iterator: Iterator<MapOutput>): void {
  const outputs: MapOutput[] = []
  while (outputs.length < WHOLE_MAX) {
    const { done, value } = iterator.next()
    if (done) {
      task.outputs = outputs
      return
    }
    assertOutput(value)
    outputs.push(value)
  }
  task.verdict = 'stream'
  task.stream = concatenated(outputs, iterator)
}

function* concatenated(outputs: readonly MapOutput[], rest: Iterator<MapOutput>): Iterator<MapOutput> {
  yield* outputs
  for (let next = rest.next(); !next.done; next = rest.next()) yield next.value
}

const OUTPUT_FIELDS: readonly string[] = ['value', 'keys', 'tags', 'headers', 'eventTime', 'trace']

/** A field that is misspelt would be lost, and with a tag the way of the message. */
function checkFields(output: MapOutput): void {
  if (typeof output === 'string' || output instanceof Uint8Array || output instanceof Message) return
  for (const name in output) {
    if (OUTPUT_FIELDS.includes(name)) continue
    const meant = nearest(name, OUTPUT_FIELDS)
    throw new TypeError(
      `an output has no ${name}: ${meant === undefined ? `wanted ${OUTPUT_FIELDS.join(', ')}` : `did you mean ${meant}?`}`,
    )
  }
}

/** Tells whether a value may be an output; its fields are not looked at. */
export function isOutput(value: unknown): value is MapOutput {
  if (typeof value === 'string' || value instanceof Uint8Array || value instanceof Message) return true
  if (typeof value !== 'object' || value === null || !('value' in value)) return false
  const inner = (value as { value: unknown }).value
  return typeof inner === 'string' || inner instanceof Uint8Array || inner === null
}
