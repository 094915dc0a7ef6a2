// Puts a ledger and a world's scheduler around the source, the handlers and the sinks of a topology: the same code, watched.

import type { Message } from '../../kernel/message.js'
import { isPromise } from '../../kernel/promise.js'
import type { Response } from '../../sinks/response.js'
import type { Sink } from '../../sinks/sink.js'
import type { Source, SourceRecord } from '../../sources/source.js'
import type {
  MapContext,
  MapHandler,
  MapOutput,
  MapResult,
  SinkRole,
  Stage,
  Topology,
} from '../../topology/types.js'
import type { World } from '../world.js'
import type { Ledger } from './ledger.js'
import type { CallEntry } from './ledger-types.js'

export type Watch = { world: () => World; ledger: Ledger }

/** Gives the topology with everything of the user's watched, but for the source. */
export function instrument(topology: Topology, watch: Watch): Topology {
  const role = (each: SinkRole): SinkRole => ({ ...each, sink: watchedSink(each, watch) })
  return {
    ...topology,
    stages: topology.stages.map((stage) => watchedStage(stage, watch)),
    sinks: topology.sinks.map(role),
    fallback: topology.fallback && role(topology.fallback),
    onSuccess: topology.onSuccess && role(topology.onSuccess),
  }
}

/** Gives the source watched, as one that runs on so many threads. */
export function watchedSource(source: Source, threads: number, { world, ledger }: Watch): Source {
  const given = (records: readonly SourceRecord[] | null) => {
    if (Array.isArray(records)) ledger.given(records)
  }
  return {
    ...(source.name !== undefined && { name: source.name }),
    ...(source.ordered !== undefined && { ordered: source.ordered }),
    ...(source.redelivers !== undefined && { redelivers: source.redelivers }),
    ...(source.cancels !== undefined && { cancels: source.cancels }),
    threads,
    read: (max) => {
      const result = source.read(max)
      if (!isPromise(result)) {
        given(result)
        return result
      }
      let records: readonly SourceRecord[] | null = null
      const kept = result.then((value) => {
        records = value
        return value
      })
      return world().gate(kept, () => given(records))
    },
    ack: (acks) => {
      ledger.acked(acks)
      const told = source.ack?.(acks)
      return isPromise(told) ? world().gate(told) : undefined
    },
    ...(source.nack && {
      nack: (nacks) => {
        ledger.nacked(nacks)
        const told = source.nack?.(nacks)
        return isPromise(told) ? world().gate(told) : undefined
      },
    }),
  }
}

function watchedStage(stage: Stage, watch: Watch): Stage {
  const { degrade } = stage
  const handler = watchedHandler(stage, watch)
  if (degrade === undefined) return { ...stage, handler }
  return {
    ...stage,
    handler,
    degrade: { ...degrade, handler: watchedHandler({ ...stage, handler: degrade.handler }, watch) },
  }
}

function watchedHandler({ name, handler }: Stage, watch: Watch): MapHandler {
  const { world, ledger } = watch
  return (message: Message, context: MapContext) => {
    const call = ledger.called(name, world().currentThread, message, false)
    let result: ReturnType<MapHandler>
    try {
      result = handler(message, context)
    } catch (error) {
      ledger.ended(call, true)
      throw error
    }
    const stage = { name, message, watch }
    if (result === world().never) return world().never
    if (isPromise(result)) return gated(result, call, stage, (value) => watchedResult(value, stage))
    ledger.ended(call, false)
    return watchedResult(result, stage)
  }
}

type At = { name: string; message: Message; watch: Watch }

/** A promise of user code: when it is told, what it read must still be there (M5). */
function gated<Value, Result>(
  promise: PromiseLike<Value>,
  call: CallEntry,
  { name, message, watch: { world, ledger } }: At,
  then: (value: Value) => Result,
): Promise<Result> {
  const before = message.bytes()
  let hasFailed = false
  const kept = promise.then(then, (error) => {
    hasFailed = true
    throw error
  })
  return world().gate(kept, () => {
    ledger.ended(call, hasFailed)
    if (!message.value.equals(before))
      ledger.options.broken('M5', `the value of ${before} changed while ${name} was reading it`)
  })
}

/** Streams are user code, too. */
function watchedResult(result: MapResult, at: At): MapResult {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return result
  if (Symbol.asyncIterator in result) return watchedStream(result, at)
  if (Symbol.iterator in result && !(result instanceof Uint8Array)) return watchedIterable(result, at)
  return result
}

function* watchedIterable(iterable: Iterable<MapOutput>, { name, message, watch }: At): Iterable<MapOutput> {
  try {
    yield* iterable
  } catch (error) {
    const { ledger, world } = watch
    ledger.ended(ledger.called(name, world().currentThread, message, true), true)
    throw error
  }
}

function watchedStream(stream: AsyncIterable<MapOutput>, at: At): AsyncIterable<MapOutput> {
  const { name, message, watch } = at
  const iterator = stream[Symbol.asyncIterator]()
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        const call = watch.ledger.called(name, watch.world().currentThread, message, true)
        return gated(iterator.next(), call, at, (value) => value)
      },
      return: async () => {
        await iterator.return?.()
        return { done: true, value: undefined }
      },
    }),
  }
}

function watchedSink(role: SinkRole, { world, ledger }: Watch): Sink {
  const { sink } = role
  const { offers } = ledger
  const { ordered, atomic } = sink
  return {
    ...(ordered !== undefined && { ordered }),
    ...(atomic !== undefined && { atomic }),
    write: (messages) => {
      const batch = offers.offered(role, world().currentThread, messages)
      let answer: ReturnType<Sink['write']>
      try {
        answer = sink.write(messages)
      } catch (error) {
        offers.answered(batch, messages, { error })
        offers.told(batch)
        throw error
      }
      if (answer === world().never) return answer
      if (!isPromise(answer)) {
        offers.answered(batch, messages, answer)
        offers.told(batch)
        return answer
      }
      const before = messages.map((message) => message.bytes())
      const kept = answer.then(
        (responses: readonly Response[]) => {
          offers.answered(batch, messages, responses)
          return responses
        },
        (error: unknown) => {
          offers.answered(batch, messages, { error })
          throw error
        },
      )
      return world().gate(kept, () => {
        offers.told(batch)
        messages.forEach((message, i) => {
          if (!message.value.equals(before[i]))
            ledger.options.broken('M5', `the value of ${before[i]} changed while ${role.name} was reading it`)
        })
      })
    },
  }
}
