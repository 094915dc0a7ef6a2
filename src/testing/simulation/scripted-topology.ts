// The topology of a script.

import type { Source } from '../../sources/source.js'
import { withDefaults } from '../../topology/defaults.js'
import type { MapStage, Topology, TopologyOptions } from '../../topology/types.js'
import { recordOf } from './nature.js'
import type { StageScript } from './script.js'
import { type ScriptWorld, scriptedHandler, standIn } from './scripted-handler.js'
import { scriptedSink } from './scripted-sink.js'
import { ScriptedSource } from './scripted-source.js'

const BACKOFF = { initialMs: 1, factor: 2, maxMs: 8, jitter: 0.5 }
const MACHINE = { cores: 4, memoryBytes: 2 ** 40 }

/** The sources: one for each reader. */
export type ScriptedTopology = { topology: Topology; sources: readonly Source[] }

/** Makes it without the checks that a user's topology goes through: they are slow, and a script knows what it says. */
export function scriptedTopology(at: ScriptWorld): ScriptedTopology {
  const { script } = at
  const sinkOf = (name: string) => {
    const found = [...script.sinks, script.fallback, script.onSuccess].find((each) => each?.name === name)
    return found && scriptedSink(at, found)
  }
  const [sink, ...others] = script.sinks.map((each) => scriptedSink(at, each))
  const fallback = sinkOf('fallback')
  const onSuccess = sinkOf('onSuccess')
  const sources = Array.from({ length: script.readers }, (_, reader) => sourceOf(at, reader))
  const topology = withDefaults(
    {
      name: `seed-${script.seed}`,
      source: sources[0],
      map: mapOf(at),
      sink,
      sinks: Object.fromEntries(others.map((other) => [other.name ?? '', other])),
      routes: script.routes,
      ...(fallback && { fallback }),
      ...(onSuccess && { onSuccess }),
      order: script.order,
      limits: {
        inFlight: script.inFlight,
        messageBytes: 200,
        maxDeliveries: script.maxDeliveries,
        poisonAfter: script.poisonAfter,
      },
    },
    MACHINE,
  )
  return { topology, sources }
}

/** Of several readers each has every so many-th record, as a partition. */
function sourceOf({ script, world, random }: ScriptWorld, reader: number): Source {
  const { readers } = script
  return new ScriptedSource({
    count: script.count,
    first: reader,
    step: readers,
    burst: script.burst,
    asyncRate: script.sourceAsyncRate,
    cancels: script.cancelRate > 0,
    recordOf: (number) => ({ ...recordOf(script, number), ...(readers > 1 && { partition: reader }) }),
    random,
    clock: { now: () => world().nowMs },
  })
}

function mapOf(at: ScriptWorld): TopologyOptions['map'] {
  const levels: StageScript[][] = []
  for (const stage of at.script.stages) levels[stage.level] = [...(levels[stage.level] ?? []), stage]
  return levels.map((stages) => {
    if (!stages[0].isBranch) return stageOf(at, stages[0])
    const [name] = stages[0].name.split('.')
    return {
      name,
      branches: stages.map((stage) => ({
        ...stageOf(at, stage),
        name: stage.name.slice(name.length + 1),
        ...(stage.when && { when: stage.when }),
      })),
    }
  })
}

function stageOf(at: ScriptWorld, stage: StageScript): MapStage & { name: string } {
  return {
    name: stage.name,
    handler: scriptedHandler(at, stage),
    threads: stage.threads,
    concurrency: stage.concurrency,
    handlerTimeoutMs: stage.timeoutMs,
    rekey: stage.rekey,
    ...(stage.degrade && { degrade: { ...stage.degrade, handler: standIn(at, stage) } }),
    retry: { attempts: stage.attempts, onExhausted: stage.onExhausted, backoff: BACKOFF },
  }
}
