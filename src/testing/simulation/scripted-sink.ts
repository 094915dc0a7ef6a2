// A sink of a script: answers each message by its nature, at once or with a promise, and keeps the contract of its kind:
// an ordered one writes nothing after a failure, an atomic one all or nothing.

import type { Message } from '../../kernel/message.js'
import { Response } from '../../sinks/response.js'
import type { Sink } from '../../sinks/sink.js'
import { sinkNature } from './nature.js'
import type { SinkScript } from './script.js'
import { failure, killed, type ScriptWorld } from './scripted-handler.js'

const BACKOFF = { initialMs: 1, factor: 2, maxMs: 8, jitter: 0.5 }

export function scriptedSink(at: ScriptWorld, sink: SinkScript): Sink {
  const { name, ordered, atomic, batchMax, concurrency, timeoutMs, attempts, onExhausted } = sink
  return {
    name,
    ordered,
    atomic,
    batchMax,
    concurrency,
    writeTimeoutMs: timeoutMs,
    retry: name === 'fallback' ? { backoff: BACKOFF } : { attempts, onExhausted, backoff: BACKOFF },
    write: (batch) => {
      if (batch.some((message) => mustKill(at, sink, message))) return killed(at, at.random() < 0.5)
      const answers = answersOf(at, sink, batch)
      const isAsync = at.random() < sink.asyncRate
      if (at.random() < 0.02) {
        if (isAsync) return Promise.reject(failure())
        throw failure()
      }
      return isAsync ? Promise.resolve(answers) : answers
    },
  }
}

function answersOf(at: ScriptWorld, sink: SinkScript, batch: readonly Message[]): Response[] {
  let hasStopped = false
  const answers = batch.map((message) => {
    const answer = sink.ordered && hasStopped ? Response.failure(message, 'no') : answerOf(at, sink, message)
    hasStopped ||= answer.outcome === 'failure' || answer.outcome === 'hold'
    return answer
  })
  const isSpoilt = sink.atomic && answers.some(({ outcome }) => outcome === 'failure')
  return isSpoilt ? batch.map((message) => Response.failure(message, 'no')) : answers
}

function answerOf(at: ScriptWorld, sink: SinkScript, message: Message): Response {
  const ledger = at.ledger()
  const name = ledger.nameOf(message)
  const nature = sinkNature(at.script, sink, name)
  const entry = ledger.givingOf(message)?.offersOf(sink.name, name).at(-1)
  const held =
    ledger
      .givingOf(message)
      ?.offersOf(sink.name, name)
      .filter(({ outcome }) => outcome === 'hold').length ?? 0
  if (held < nature.holds)
    return Response.hold(message, { delayMs: Math.floor(at.random() * at.script.holdMs) })
  if (message.attempt <= nature.fails) {
    if (nature.writesAndFails && !sink.ordered && !sink.atomic && entry !== undefined) entry.isWritten = true
    return Response.failure(message, 'no')
  }
  if (message.delivery < nature.nacks)
    return Response.nack(message, { reason: 'no', delayMs: Math.floor(at.random() * 20) })
  switch (nature.outcome) {
    case 'serve':
      return Response.serve(message, 'served')
    case 'onSuccess':
      return Response.onSuccess(message)
    case 'fallback':
      return Response.fallback(message, 'no')
    default:
      return Response.ok(message)
  }
}

function mustKill(at: ScriptWorld, sink: SinkScript, message: Message): boolean {
  const ledger = at.ledger()
  const name = ledger.nameOf(message)
  const { kills } = sinkNature(at.script, sink, name)
  if (kills === 0) return false
  const offers = ledger.givingOf(message)?.offersOf(sink.name, name) ?? []
  if (offers.filter(({ hasKilled }) => hasKilled).length >= kills) return false
  const offer = offers.at(-1)
  if (offer !== undefined) offer.hasKilled = true
  return true
}
