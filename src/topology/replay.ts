// A topology whose source is a file or a topic of dead letters: each goes on where it was given up, and the stages before pass it
// on.

import type { MapHandler } from '../actors/map-handler.js'
import { assert } from '../kernel/failure.js'
import { deadLetters } from '../replay/dead-letters.js'
import type { Replay } from '../replay/dead-line.js'
import { Places, STAGE_HEADER } from '../replay/places.js'
import { type Rereading, type TopicReplay, topicLetters } from '../replay/topic-letters.js'
import type { Source } from '../sources/source.js'
import type { Stage, Topology } from './types.js'

/** Makes it of one that was loaded. It has no admin port: another process may run the topology now. */
export function withReplay(topology: Topology, replay: Replay | TopicReplay): Topology {
  const places = placesOf(topology)
  const stages = topology.stages.map((stage) => passing(stage, topology, places))
  const source = 'topic' in replay ? topicSource(topology, replay, places) : deadLetters(replay, places)
  return { ...topology, source, stages, admin: undefined }
}

/** Gives the sink whose brokers a topic is read from: the fallback, or another one. */
export function rereadingSink({ fallback, sinks }: Topology): Rereading | undefined {
  const roles = fallback === undefined ? sinks : [fallback, ...sinks]
  return roles.map(({ sink }) => sink as Partial<Rereading>).find(isRereading)
}

/** Gives the consumer group that a replay reads as. */
export function replayGroup(name: string): string {
  return `millrace-replay-${name}`
}

function isRereading(sink: Partial<Rereading>): sink is Rereading {
  return typeof sink.reread === 'function'
}

function topicSource(topology: Topology, replay: TopicReplay, places: Places): Source {
  const sink = rereadingSink(topology)
  assert(sink !== undefined, 'a replay of a topic wants a sink that can read it')
  return topicLetters(replay, places, sink.reread(replay.topic, replayGroup(topology.name)))
}

/** Gives the places of a topology at which a message can be given up. */
export function placesOf({ stages, sinks, fallback, onSuccess }: Topology): Places {
  const roles = [...sinks, fallback, onSuccess].filter((role) => role !== undefined)
  return new Places(
    stages.map(({ name }) => name),
    roles.map(({ name }) => name),
  )
}

function passing(stage: Stage, { stages }: Topology, places: Places): Stage {
  const handler: MapHandler = (message, context) => {
    const place = message.headers[STAGE_HEADER]
    const first = place === undefined ? 0 : (places.firstStage(String(place)) ?? 0)
    // Past all stages there is none: everything passes it on.
    const level = stages[first]?.level ?? Number.POSITIVE_INFINITY
    return level > stage.level ? message : stage.handler(message, context)
  }
  // Letters are replayed to be handled: nobody stands in.
  return { ...stage, handler, degrade: undefined }
}
