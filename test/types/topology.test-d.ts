// What must not compile: checked by `tsc -p tsconfig.json`, where an unused @ts-expect-error is an error too.

import type { z } from 'zod'
import type { Message } from '../../src/kernel/message.js'
import { Response } from '../../src/sinks/response.js'
import type { Sink } from '../../src/sinks/sink.js'
import type { Source } from '../../src/sources/source.js'
import { defineTopology } from '../../src/topology/define.js'
import type { topologySchema } from '../../src/topology/schema.js'
import type {
  Limits,
  MapHandler,
  MapStage,
  RetryOptions,
  Route,
  Topology,
  TopologyOptions,
} from '../../src/topology/types.js'

declare const source: Source
declare const sink: Sink
const handler: MapHandler = (message) => message.text().toUpperCase()
const base = { name: 'orders', source, sink }

// Right: every shape of a map, every kind of result.
const all: Topology[] = [
  defineTopology(base),
  defineTopology({ ...base, map: (message) => message.text() }),
  defineTopology({
    ...base,
    map: async (message, { log, stage, thread }) => log.info(message.id, { stage, thread }),
  }),
  defineTopology({
    ...base,
    map: [handler, { handler: () => null, threads: 2, order: 'none', rekey: true }],
  }),
  defineTopology({
    ...base,
    map: (message) => [message, 'text', Buffer.from('bytes'), { value: null, tags: ['a'] }],
  }),
  defineTopology({
    ...base,
    async *map(message) {
      yield message.text()
    },
  }),
  defineTopology({
    ...base,
    sink: { write: (batch) => batch.map(Response.ok) },
    fallback: sink,
    onSuccess: sink,
  }),
  defineTopology({
    ...base,
    sinks: { audit: sink },
    routes: [{ when: { and: ['a'] }, to: ['audit', 'sink'] }],
  }),
  defineTopology({ ...base, threads: 0, order: 'source', limits: { inFlight: 1 } }),
  defineTopology({ ...base, retry: { attempts: Infinity, backoff: { jitter: 0 }, onExhausted: 'nack' } }),
]
void all

// Right: options and routes that were put together before.
declare const options: TopologyOptions
declare const routes: readonly Route[]
defineTopology(options)
defineTopology({ ...base, routes })

// Right: a sink that is an instance of a class with fields of its own.
class Table implements Sink {
  readonly ordered = true
  private rows = 0
  async write(batch: readonly Message[]) {
    this.rows += batch.length
    return batch.map(Response.ok)
  }
}
defineTopology({ ...base, sink: new Table() })

// @ts-expect-error: no sink
defineTopology({ name: 'orders', source })
// @ts-expect-error: no name
defineTopology({ source, sink })
// @ts-expect-error: a handler that returns a number
defineTopology({ ...base, map: () => 5 })
// @ts-expect-error: a handler that promises a number
defineTopology({ ...base, map: async () => 5 })
// @ts-expect-error: a handler that returns a list of numbers
defineTopology({ ...base, map: { handler: () => [1, 2] } })
// @ts-expect-error: an output without a value
defineTopology({ ...base, map: () => ({ tags: ['a'] }) })
// @ts-expect-error: a handler that wants something else than a message
defineTopology({ ...base, map: (text: string) => text })
// @ts-expect-error: a field that messages do not have
defineTopology({ ...base, map: (message) => message.payload })
// @ts-expect-error: a map by name
defineTopology({ ...base, map: 'upper' })
// @ts-expect-error: a stage without a handler
defineTopology({ ...base, map: { threads: 2 } })
// @ts-expect-error: threads as text
defineTopology({ ...base, map: { handler, threads: 'two' } })
// @ts-expect-error: a misspelt option of a stage
defineTopology({ ...base, map: { handler, thread: 2 } })
// @ts-expect-error: a misspelt option of one stage of several
defineTopology({ ...base, map: [handler, { handler, concurency: 2 }] })
// @ts-expect-error: an unknown order
defineTopology({ ...base, map: { handler, order: 'keys' } })
// @ts-expect-error: an unknown order of the topology
defineTopology({ ...base, order: 'keys' })
// @ts-expect-error: a misspelt option
defineTopology({ ...base, fallbck: sink })
// @ts-expect-error: threads at the top are 0 or nothing
defineTopology({ ...base, threads: 2 })
// @ts-expect-error: an unknown way out
defineTopology({ ...base, retry: { onExhausted: 'ignore' } })
// @ts-expect-error: a misspelt field of a backoff
defineTopology({ ...base, retry: { backoff: { initial: 1 } } })
// @ts-expect-error: a limit as text
defineTopology({ ...base, limits: { inFlight: '8k' } })
// @ts-expect-error: an unknown limit
defineTopology({ ...base, limits: { memory: 1 } })
// @ts-expect-error: a sink whose write gives texts
defineTopology({ ...base, sink: { write: (batch) => batch.map((message) => message.id) } })
// @ts-expect-error: a sink whose write gives nothing
defineTopology({ ...base, sink: { write: async () => {} } })
// @ts-expect-error: a sink whose write gives one response
defineTopology({ ...base, sink: { write: (batch) => Response.ok(batch[0]) } })
// @ts-expect-error: a sink as a function
defineTopology({ ...base, sink: (batch: readonly Message[]) => batch.map(Response.ok) })
// @ts-expect-error: a source in place of a sink
defineTopology({ ...base, sink: source })
// @ts-expect-error: a sink in place of a source
defineTopology({ ...base, source: sink })
// @ts-expect-error: a source that gives texts
defineTopology({ ...base, source: { read: () => ['a'] } })
// @ts-expect-error: a source that gives undefined
defineTopology({ ...base, source: { read: () => undefined } })
// @ts-expect-error: one of the sinks is none
defineTopology({ ...base, sinks: { audit: 'file' } })
// @ts-expect-error: two conditions
defineTopology({ ...base, routes: [{ when: { and: ['a'], or: ['b'] }, to: 'drop' }] })
// @ts-expect-error: no condition
defineTopology({ ...base, routes: [{ when: {}, to: 'drop' }] })
// @ts-expect-error: an unknown condition
defineTopology({ ...base, routes: [{ when: { nor: ['a'] }, to: 'drop' }] })
// @ts-expect-error: a tag in place of tags
defineTopology({ ...base, routes: [{ when: { and: 'a' }, to: 'drop' }] })
// @ts-expect-error: a route to nowhere
defineTopology({ ...base, routes: [{ when: { and: ['a'] } }] })
// @ts-expect-error: what is defined cannot be changed
defineTopology(base).name = 'other'
// @ts-expect-error: a topology is not the options of another
defineTopology(defineTopology(base))

// The schema knows each option of the types, and no other.
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never
type Input = z.input<ReturnType<typeof topologySchema>>
type StageInput = Extract<Input['map'], { handler: unknown }>
const sameKeys: true[] = [
  true satisfies Same<keyof Input, keyof TopologyOptions>,
  true satisfies Same<keyof StageInput, keyof MapStage>,
  true satisfies Same<keyof NonNullable<Input['retry']>, keyof RetryOptions>,
  true satisfies Same<keyof NonNullable<Input['limits']>, keyof Limits>,
  true satisfies Same<keyof Input['sink'], keyof Sink>,
  true satisfies Same<keyof Input['source'], keyof Source>,
]
void sameKeys
