// A script: everything about one random topology that its seed decides. What single messages do is decided by nature.ts.

import type { Random } from '../../kernel/clock.js'
import { CRASH_POINTS, type CrashPoint } from '../../kernel/crash.js'
import type { OnExhausted } from '../../kernel/retry.js'
import type { MemoryStart } from '../../topology/memory.js'
import type { DegradeOptions, Order, Route, TagCondition } from '../../topology/types.js'
import { chanceOf } from './texts.js'

export type StageScript = {
  name: string
  /** Number of the stage: its branches have the same. */
  level: number
  /** Of a branch: undefined for the last one. */
  when: TagCondition | undefined
  isBranch: boolean
  threads: number
  concurrency: number
  timeoutMs: number
  attempts: number
  onExhausted: OnExhausted
  rekey: boolean
  /** A handler that never fails stands in for its own. */
  degrade: Omit<DegradeOptions, 'handler'> | undefined
  /** Chance that a message is an odd one here. */
  oddRate: number
}

export type SinkScript = {
  name: string
  ordered: boolean
  atomic: boolean
  batchMax: number
  concurrency: number
  timeoutMs: number
  attempts: number
  onExhausted: OnExhausted
  /** Chance that it answers with a promise. */
  asyncRate: number
  oddRate: number
}

export type Script = {
  seed: number
  count: number
  keyCount: number
  order: Order
  stages: readonly StageScript[]
  /** The first one is called 'sink'. */
  sinks: readonly SinkScript[]
  fallback: SinkScript | undefined
  onSuccess: SinkScript | undefined
  routes: readonly Route[]
  inFlight: number
  maxDeliveries: number
  poisonAfter: number
  /** Chance that the source gives, or takes acks, by a promise. */
  sourceAsyncRate: number
  /** Most records that the source gives at once. */
  burst: number
  capacityBytes: number
  start: MemoryStart
  crashRate: number
  deathsMax: number
  /** A crash point at which threads die more often. */
  focus: CrashPoint | undefined
  /** The longest hold. */
  holdMs: number
  /** Chance that an odd message is nacked by a sink. */
  nackRate: number
  lostRate: number
  /** Chance that a call of user code takes longer than its time-out. */
  slowRate: number
  /** Chance that a message kills the thread that handles it. */
  killRate: number
  /** Threads of the source. */
  readers: number
  /** Chance that the source cancels a record, at each step of an actor; 0 where it is none that cancels. */
  cancelRate: number
}

/** Makes a script; every run of the same chance gives the same. */
export function scriptOf(seed: number, random: Random): Script {
  const pick = <T>(...choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]
  const hasFallback = random() < 0.8
  const hasOnSuccess = random() < 0.3
  const oddRate = pick(0, 0.1, 0.4)
  const sinkNames = ['sink', 'left', 'right'].slice(0, pick(1, 1, 2, 3))
  const onExhausted = (): OnExhausted => (hasFallback ? pick('fallback', 'drop', 'nack') : 'drop')
  const sink = (name: string): SinkScript => ({
    name,
    ordered: random() < 0.5,
    atomic: random() < 0.1,
    batchMax: pick(1, 3, 500),
    concurrency: pick(1, 1, 2, 3),
    timeoutMs: pick(5, 20),
    attempts: name === 'fallback' ? Number.POSITIVE_INFINITY : pick(1, 2, 3, 5, Number.POSITIVE_INFINITY),
    onExhausted: onExhausted(),
    asyncRate: pick(0, 0.5, 1),
    oddRate,
  })
  const stage = (name: string, level: number) => ({
    name,
    level,
    when: undefined,
    isBranch: false,
    degrade: undefined,
    threads: pick(1, 2, 3),
    concurrency: pick(1, 2, 8),
    timeoutMs: pick(5, 20),
    attempts: pick(1, 2, 3, Number.POSITIVE_INFINITY),
    onExhausted: onExhausted(),
    rekey: random() < 0.15,
    oddRate,
  })
  const stages = Array.from({ length: pick(0, 1, 1, 2) }, (_, i) => stage(`s${i + 1}`, i))
  const flavour = FLAVOURS[Math.floor(random() * 20)]
  const script: Script = {
    seed,
    count: 3 + Math.floor(random() * pick(10, 40)),
    keyCount: pick(0, 1, 2, 5),
    order: pick('none', 'key', 'key', 'source'),
    stages,
    sinks: sinkNames.map(sink),
    fallback: hasFallback ? sink('fallback') : undefined,
    onSuccess: hasOnSuccess ? sink('onSuccess') : undefined,
    routes: random() < 0.6 ? routesOf(sinkNames, hasFallback, hasOnSuccess) : [],
    inFlight: pick(1, 4, 16, 64),
    maxDeliveries: pick(2, 4),
    poisonAfter: pick(2, 3),
    burst: pick(1, 7, 50),
    sourceAsyncRate: 0.3,
    // Room for what goes to the fallback, twice (M3).
    capacityBytes: pick(2048, 2048, 4096, 32_768),
    start: {
      position: pick(0, 2 ** 31 - 1024, -1024, -8) | 0,
      sequence: pick(0, 2 ** 31 - 20, 2 ** 32 - 20, 2 ** 33),
    },
    crashRate: pick(0, 0.002, 0.01, 0.03),
    deathsMax: pick(1, 3, 12),
    focus: random() < 0.3 ? pick(...CRASH_POINTS) : undefined,
    holdMs: pick(10, 30, 300),
    nackRate: 0.2,
    lostRate: pick(0, 0, 0.02),
    slowRate: pick(0, 0, 0.03),
    killRate: hasFallback ? pick(0, 0, 0.03) : 0,
    readers: 1,
    cancelRate: chanceOf(seed, 'cancels') < 0.2 ? [0.02, 0.2][seed & 1] : 0,
  }
  const flavoured = flavour === undefined ? script : flavour(script)
  return flavoured.order !== 'source' && chanceOf(seed, 'readers') < 0.25
    ? { ...flavoured, readers: 2 + (seed & 1) }
    : flavoured
}

/** What is rare among all scripts, and worth being looked at more often. Most scripts have no flavour. */
const FLAVOURS: readonly ((script: Script) => Script)[] = [crowded, inParts, nacked, branched, degraded]

/** Many wait for long in a small parking, which is compacted. */
function crowded(script: Script): Script {
  const { crashRate, sinks } = script
  return {
    ...script,
    count: 50,
    keyCount: 5,
    order: 'key',
    capacityBytes: 2048,
    inFlight: 64,
    holdMs: 300,
    focus: 'parking.compacted',
    crashRate: Math.max(crashRate, 0.005),
    sinks: sinks.map((sink) => ({ ...busy(sink), batchMax: 3, ordered: sink.ordered || sink.asyncRate > 0 })),
  }
}

/** Streams and arrays that do not fit, at threads that die. */
function inParts(script: Script): Script {
  const { sinks, stages } = script
  return {
    ...script,
    count: 8,
    capacityBytes: 2048,
    inFlight: 4,
    crashRate: 0.03,
    deathsMax: 12,
    stages: stages.map((stage) => ({ ...stage, oddRate: 0.9, attempts: Number.POSITIVE_INFINITY })),
    sinks: sinks.map(busy),
  }
}

/** Much is given back to the source, up to its end. */
function nacked(script: Script): Script {
  return { ...script, count: 6, nackRate: 0.9, burst: 2, sourceAsyncRate: 0.9, sinks: script.sinks.map(busy) }
}

/** Each stage has branches; one of them is full, and those for the others pass. */
function branched(script: Script): Script {
  const stages = script.stages.flatMap((stage) => {
    const branch = { ...stage, isBranch: true }
    return [
      { ...branch, name: `${stage.name}.left`, when: { or: ['left', 'both'] }, threads: 1, concurrency: 1 },
      { ...branch, name: `${stage.name}.other`, timeoutMs: stage.timeoutMs === 5 ? 20 : 5 },
    ]
  })
  return {
    ...script,
    order: script.order === 'source' ? 'key' : script.order,
    inFlight: 64,
    burst: 50,
    capacityBytes: 2048,
    stages,
  }
}

/** Handlers that often fail, and others that stand in for them. */
function degraded(script: Script): Script {
  const degrade = { failures: 0.5, calls: 1 + (script.seed % 3), openMs: 5, probes: 1 + (script.seed % 2) }
  return { ...script, stages: script.stages.map((stage) => ({ ...stage, oddRate: 0.7, degrade })) }
}

function busy(sink: SinkScript): SinkScript {
  return { ...sink, oddRate: 0.9, attempts: Number.POSITIVE_INFINITY }
}

function routesOf(sinkNames: readonly string[], hasFallback: boolean, hasOnSuccess: boolean): Route[] {
  const routes: Route[] = [{ when: { and: ['drop'] }, to: 'drop' }]
  if (hasFallback) routes.push({ when: { and: ['spare'] }, to: 'fallback' })
  if (hasOnSuccess) routes.push({ when: { or: ['happy'] }, to: ['sink', 'onSuccess'] })
  if (sinkNames.length > 1) routes.push({ when: { or: ['left', 'both'] }, to: 'left' })
  if (sinkNames.length > 2) routes.push({ when: { and: ['right'] }, to: 'right' })
  if (sinkNames.length > 1) routes.push({ when: { and: ['all'] }, to: sinkNames })
  return routes
}
