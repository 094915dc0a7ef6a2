// Loads what builds the actors of a thread. It has one or two kinds of them, and an actor is most of what a thread loads.

import type { ActorKind } from '../plan.js'
import type { Build } from './wiring.js'

export type Builders = ReadonlyMap<ActorKind, Build>

const LOAD: Record<ActorKind, () => Promise<Build>> = {
  reader: async () => (await import('./build-reader.js')).buildReader,
  mapper: async () => (await import('./build-mapper.js')).buildMapper,
  forwarder: async () => (await import('./build-forwarder.js')).buildForwarder,
  sink: async () => (await import('./build-sink.js')).buildSink,
}

/** Gives the builder of each of these kinds. */
export async function loadBuilders(kinds: Iterable<ActorKind>): Promise<Builders> {
  const loading = [...new Set(kinds)].map(async (kind) => [kind, await LOAD[kind]()] as const)
  return new Map(await Promise.all(loading))
}
