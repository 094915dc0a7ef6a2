// Checks a sink's answer against its contract: one response per message, matched by id.

import type { Headers } from '../kernel/codec.js'
import { countText } from '../kernel/count-text.js'
import type { Message } from '../kernel/message.js'
import { type HoldOptions, type NackOptions, Response, type ServeOptions } from '../sinks/response.js'
import type { OnSuccessMessage } from '../sinks/sink.js'

/** Ids that an error names, at most. */
const NAMED_MAX = 5

export type CheckOptions = {
  /** Responses that this sink's role may not give. */
  forbidden: readonly Response['outcome'][]
  /** True where no ok may follow a failure of the same lane within the batch. */
  laneOf?: ((message: Message) => number) | undefined
}

/**
 * Puts the responses into `aligned` in the order of the batch. Gives undefined when the contract is kept, else a sentence
 * that says how it is broken and names the ids.
 */
export function checkResponses(
  batch: readonly Message[],
  answer: unknown,
  aligned: Response[],
  options: CheckOptions,
): string | undefined {
  if (!Array.isArray(answer)) return `answered with ${kindOf(answer)}, wanted an array of responses`
  const breach = inOrder(batch, answer) ? copyOf(answer, aligned) : matchById(batch, answer, aligned)
  return breach ?? checkOutcomes(batch, aligned, options)
}

/** The usual case: as many responses as messages, each at its message's place. */
function inOrder(batch: readonly Message[], answer: readonly unknown[]): answer is readonly Response[] {
  if (answer.length !== batch.length) return false
  for (let i = 0; i < batch.length; i++) {
    const response = answer[i]
    if (!(response instanceof Response)) return false
    if (response.ref !== batch[i] && response.ref !== batch[i].id) return false
  }
  return true
}

function copyOf(answer: readonly Response[], aligned: Response[]): undefined {
  for (let i = 0; i < answer.length; i++) aligned[i] = answer[i]
  aligned.length = answer.length
}

function matchById(
  batch: readonly Message[],
  answer: readonly unknown[],
  aligned: Response[],
): string | undefined {
  const places = new Map(batch.map((message, i) => [message.id, i]))
  const unknown: string[] = []
  const duplicate: string[] = []
  const seen = new Set<number>()
  for (const response of answer) {
    if (!Response.isResponse(response))
      return `answered with ${kindOf(response)} in the array, wanted a Response: ok, failure, fallback, onSuccess, serve, hold or nack`
    const id = idOf(response)
    const place = places.get(id)
    if (place === undefined) unknown.push(id)
    else if (seen.has(place)) duplicate.push(id)
    else {
      seen.add(place)
      aligned[place] = response
    }
  }
  aligned.length = batch.length
  const missing = batch.filter((_, i) => !seen.has(i)).map((message) => message.id)
  if (missing.length + unknown.length + duplicate.length === 0) return undefined
  const parts = [
    named('no response for', missing),
    named('more than one response for', duplicate),
    named('responses for unknown ids', unknown),
  ]
  return `answered ${countText(answer.length)} responses for ${countText(batch.length)} messages: ${parts.filter((part) => part !== '').join('; ')}`
}

function checkOutcomes(
  batch: readonly Message[],
  aligned: readonly Response[],
  options: CheckOptions,
): string | undefined {
  const { forbidden, laneOf } = options
  let failedLanes: Set<number> | undefined
  for (let i = 0; i < aligned.length; i++) {
    const { outcome } = aligned[i]
    if (outcome === 'ok' || outcome === 'serve' || outcome === 'onSuccess') {
      if (failedLanes !== undefined && laneOf !== undefined && failedLanes.has(laneOf(batch[i]))) {
        return `is ordered, but answered ${outcome} for ${batch[i].id} after a failure of an earlier message with the same keys`
      }
      if (outcome === 'ok') continue
    }
    const problem = problemOf(aligned[i])
    if (problem !== undefined) return `answered ${outcome} for ${batch[i].id} ${problem}`
    if (forbidden.includes(outcome))
      return `answered ${outcome} for ${batch[i].id}, which a fallback or onSuccess sink cannot`
    if (outcome === 'failure' && laneOf !== undefined && laneOf(batch[i]) !== 0) {
      failedLanes ??= new Set()
      failedLanes.add(laneOf(batch[i]))
    }
  }
  return undefined
}

/** Says what of a response cannot be carried out. */
function problemOf({ outcome, detail, options }: Response): string | undefined {
  switch (outcome) {
    case 'ok':
    case 'failure':
    case 'fallback':
      return undefined
    case 'serve':
      if (!isBytesOrText(detail)) return `with ${kindOf(detail)} as payload, wanted text or bytes`
      return headersProblem((options as ServeOptions | undefined)?.headers)
    case 'onSuccess':
      return detail === undefined ? undefined : messageProblem(detail as OnSuccessMessage)
    case 'hold': {
      const delayMs = (options as HoldOptions | undefined)?.delayMs
      return Number.isFinite(delayMs) && (delayMs as number) >= 0
        ? undefined
        : 'without { delayMs }, a finite number from 0'
    }
    case 'nack': {
      const { reason, delayMs = 0 } = (options ?? {}) as NackOptions
      return typeof reason === 'string' && delayMs >= 0
        ? undefined
        : 'without { reason }, a text, and delayMs, if given, a number from 0'
    }
    default:
      return 'which is no outcome that the runtime knows'
  }
}

function messageProblem(message: OnSuccessMessage): string | undefined {
  if (typeof message !== 'object' || message === null)
    return `with ${kindOf(message)} as message, wanted { value }`
  const { value, keys, headers } = message
  if (!isBytesOrText(value)) return `with ${kindOf(value)} as value, wanted text or bytes`
  if (keys !== undefined && !(Array.isArray(keys) && keys.every((key) => typeof key === 'string')))
    return 'with keys that are no array of texts'
  return headersProblem(headers)
}

function headersProblem(headers: Headers | undefined): string | undefined {
  if (headers === undefined) return undefined
  const wrong = Object.entries(headers).find(([, value]) => !isBytesOrText(value))
  return wrong && `with the header ${JSON.stringify(wrong[0])} as ${kindOf(wrong[1])}, wanted text or bytes`
}

function isBytesOrText(value: unknown): boolean {
  return typeof value === 'string' || value instanceof Uint8Array
}

function idOf(response: Response): string {
  return typeof response.ref === 'string' ? response.ref : String(response.ref?.id)
}

function named(what: string, ids: readonly string[]): string {
  if (ids.length === 0) return ''
  const more = ids.length > NAMED_MAX ? ` and ${ids.length - NAMED_MAX} more` : ''
  return `${what} ${ids
    .slice(0, NAMED_MAX)
    .map((id) => JSON.stringify(id))
    .join(', ')}${more}`
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`
}
