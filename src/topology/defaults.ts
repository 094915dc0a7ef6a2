// Fills in every default of checked options: what the runtime gets has no field left open.
// Of a retry strategy each field is decided on its own: the stage's or sink's, else the topology's, else the default.

import type { Backoff, OnExhausted, RetryOptions, RetryStrategy } from '../kernel/retry.js'
import type { Sink } from '../sinks/sink.js'
import { type Machine, thisMachine } from './machine.js'
import { pathText } from './problems.js'
import { type GivenStage, hasBranches, levelsOf, stagesOf } from './stages.js'
import type { Limits, MapStage, SinkRole, Stage, TagCondition, Topology, TopologyOptions } from './types.js'

export const BACKOFF_DEFAULT: Backoff = { initialMs: 10, factor: 2, maxMs: 1_000, jitter: 0.2 }
const MAP_ATTEMPTS = 3
const CONCURRENCY = 64
const HANDLER_TIMEOUT_MS = 30_000
const WRITE_TIMEOUT_MS = 30_000
const BATCH_MAX = 500

const LIMITS_DEFAULT: Omit<Limits, 'memoryBytes'> = {
  messageBytes: 1024 * 1024,
  inFlight: 16_384,
  graceMs: 10_000,
  contractBreaches: 1,
  poisonAfter: 3,
  maxDeliveries: 10,
}

/** Makes the topology of checked options. */
export function withDefaults(options: TopologyOptions, machine: Machine = thisMachine()): Topology {
  const inline = options.threads === 0
  const stages = stagesOf(options.map)
  const threads = threadsOf(stages, inline, machine)
  return {
    name: options.name,
    source: options.source,
    stages: stages.map((given, index) => stageOf(given, threads[index], options)),
    sinks: [['sink', options.sink] as const, ...Object.entries(options.sinks ?? {})].map(([name, sink]) =>
      sinkRole(name, 'sink', sink, options),
    ),
    routes: (options.routes ?? []).map(({ when, to }) => ({
      when: conditionOf(when),
      to: typeof to === 'string' ? [to] : [...to],
    })),
    fallback: options.fallback && sinkRole('fallback', 'fallback', options.fallback, options),
    onSuccess: options.onSuccess && sinkRole('onSuccess', 'onSuccess', options.onSuccess, options),
    ...orderOf(options),
    limits: limitsOf(options.limits, machine),
    admin: options.admin && { ...options.admin },
    inline,
  }
}

// A copy with the one field that is there.
function conditionOf(when: TagCondition): TagCondition {
  const { and, or, not } = when as {
    and?: readonly string[]
    or?: readonly string[]
    not?: readonly string[]
  }
  if (and !== undefined) return { and: Object.freeze([...and]) }
  return or !== undefined ? { or: Object.freeze([...or]) } : { not: Object.freeze([...(not ?? [])]) }
}

function stageOf(given: GivenStage, threads: number, options: TopologyOptions): Stage {
  const { stage, name, level, branchOf, when } = given
  return {
    name,
    level,
    branchOf,
    when: when && conditionOf(when),
    handler: stage.handler,
    threads,
    concurrency: stage.concurrency ?? CONCURRENCY,
    handlerTimeoutMs: stage.handlerTimeoutMs ?? HANDLER_TIMEOUT_MS,
    retry: retryOf(stage.retry, options, MAP_ATTEMPTS),
    degrade: degradeOf(stage.degrade),
    rekey: stage.rekey ?? false,
  }
}

function degradeOf(given: MapStage['degrade']): Stage['degrade'] {
  if (given === undefined) return undefined
  const {
    handler,
    failures = 0.5,
    calls = 20,
    openMs = 5_000,
    probes = 1,
  } = typeof given === 'function' ? { handler: given } : given
  return Object.freeze({ handler, failures, calls, openMs, probes })
}

// One core is the other actors'. Stages that say nothing share what the others leave.
function threadsOf(stages: readonly GivenStage[], inline: boolean, machine: Machine): number[] {
  if (inline) return stages.map(() => 1)
  const open = stages.filter(({ stage }) => stage.threads === undefined).length
  const given = stages.reduce((sum, { stage }) => sum + (stage.threads ?? 0), 0)
  const left = Math.max(0, machine.cores - 1 - given)
  let nth = 0
  return stages.map(({ stage }) => {
    if (stage.threads !== undefined) return stage.threads
    const share = Math.floor(left / open) + (nth++ < left % open ? 1 : 0)
    return Math.max(1, share)
  })
}

function sinkRole(name: string, role: SinkRole['role'], sink: Sink, options: TopologyOptions): SinkRole {
  return {
    name,
    role,
    sink,
    retry:
      role === 'fallback' ? fallbackRetry(sink.retry, options.retry) : retryOf(sink.retry, options, Infinity),
    writeTimeoutMs: sink.writeTimeoutMs ?? WRITE_TIMEOUT_MS,
    batchMax: sink.batchMax ?? BATCH_MAX,
    concurrency: sink.concurrency ?? 1,
    thread: sink.thread ?? 'egress',
  }
}

function retryOf(own: RetryOptions | undefined, options: TopologyOptions, attempts: number): RetryStrategy {
  const shared = options.retry
  return {
    attempts: own?.attempts ?? shared?.attempts ?? attempts,
    backoff: backoffOf(own, shared),
    onExhausted: own?.onExhausted ?? shared?.onExhausted ?? lastResort(options),
  }
}

// Where nobody takes it, the caller of a source that only tells is told; from another source it would come back.
function lastResort({ source, fallback }: TopologyOptions): OnExhausted {
  if (fallback !== undefined) return 'fallback'
  return source.redelivers === false ? 'nack' : 'stop'
}

// There is nowhere to go from a fallback sink, so it is never exhausted; `onExhausted` is of no use to it.
function fallbackRetry(own: RetryOptions | undefined, shared: RetryOptions | undefined): RetryStrategy {
  return { attempts: Infinity, backoff: backoffOf(own, shared), onExhausted: 'stop' }
}

function backoffOf(own: RetryOptions | undefined, shared: RetryOptions | undefined): Backoff {
  const pick = (field: keyof Backoff) =>
    own?.backoff?.[field] ?? shared?.backoff?.[field] ?? BACKOFF_DEFAULT[field]
  return {
    initialMs: pick('initialMs'),
    factor: pick('factor'),
    maxMs: pick('maxMs'),
    jitter: pick('jitter'),
  }
}

// Source order costs nothing more where the source is one stream and no sink reorders it.
function orderOf(options: TopologyOptions): Pick<Topology, 'order' | 'orderGiven'> {
  if (options.order !== undefined) return { order: options.order, orderGiven: 'order' }
  const levels = levelsOf(options.map)
  for (const { given, path } of levels) {
    if (given.order !== undefined) return { order: given.order, orderGiven: pathText([...path, 'order']) }
  }
  // Branches overtake each other.
  if (levels.some(({ given }) => hasBranches(given))) return { order: 'key', orderGiven: undefined }
  const sinks = [options.sink, ...Object.values(options.sinks ?? {})]
  const { ordered, threads = 1 } = options.source
  const isOneStream = ordered === true && threads === 1 && sinks.every((sink) => sink.ordered === true)
  return { order: isOneStream ? 'source' : 'key', orderGiven: undefined }
}

function limitsOf(given: Partial<Limits> | undefined, machine: Machine): Limits {
  const pick = (field: keyof typeof LIMITS_DEFAULT) => given?.[field] ?? LIMITS_DEFAULT[field]
  return {
    messageBytes: pick('messageBytes'),
    memoryBytes: given?.memoryBytes ?? Math.floor(machine.memoryBytes / 2),
    inFlight: pick('inFlight'),
    graceMs: pick('graceMs'),
    contractBreaches: pick('contractBreaches'),
    poisonAfter: pick('poisonAfter'),
    maxDeliveries: pick('maxDeliveries'),
  }
}
