// What a user writes as a topology, and what it becomes once it has been checked and every default is filled in.

import type { CircuitOptions } from '../actors/circuit.js'
import type { MapContext, MapHandler, MapOutput, MapResult, Output } from '../actors/map-handler.js'
import type { Order } from '../actors/order.js'
import type { AdminOptions } from '../admin/admin-options.js'
import type { Headers } from '../kernel/codec.js'
import type { OnExhausted, RetryOptions, RetryStrategy } from '../kernel/retry.js'
import type { Sink } from '../sinks/sink.js'
import type { Source } from '../sources/source.js'

/** When another handler stands in, on each thread for itself. */
export type DegradeOptions = {
  handler: MapHandler
  /** The share of failed calls at which it begins. Default 0.5. */
  failures?: number
  /** Of how many calls, the last ones. Default 20. */
  calls?: number
  /** After how long the handler is tried again; doubled with each try that fails, up to 16 times. Default 5,000. */
  openMs?: number
  /** How many tries must succeed. Default 1. */
  probes?: number
}

export type MapStage = {
  handler: MapHandler
  /** Default `map`, or `map-1`, `map-2`… where there are several. */
  name?: string
  /** Map threads. Default: the cores that the other actors leave, at least 1. */
  threads?: number
  order?: Order
  /** Async calls in flight per thread. Default 64. */
  concurrency?: number
  /** An async handler without a result after this long fails that attempt. Default 30,000. */
  handlerTimeoutMs?: number
  retry?: RetryOptions
  /** Called in place of the handler while too many of its calls fail. */
  degrade?: MapHandler | DegradeOptions
  /** True where the keys that the handler sets decide the order from here on. Default false: they are data. */
  rekey?: boolean
}

/** One of several handlers of a stage: a stage of its own, with threads of its own. */
export type MapBranch = Omit<MapStage, 'name' | 'order'> & {
  /** In full `stage.branch`: so it is called in logs, metrics and plans. */
  name: string
  /** Which messages it takes; the first branch that fits decides. The last one has none: it takes everything else. */
  when?: TagCondition
}

/** A map stage whose messages are shared out, by their tags, among several handlers. */
export type MapBranches = {
  branches: readonly MapBranch[]
  /** Default `map`, or `map-1`, `map-2`… where there are several stages. */
  name?: string
  order?: Order
}

/** A condition over a message's tags: exactly one of the three. */
export type TagCondition =
  | { and: readonly string[]; or?: never; not?: never }
  | { or: readonly string[]; and?: never; not?: never }
  | { not: readonly string[]; and?: never; or?: never }

/** Where messages with these tags go; the first route that matches decides, and without one it is 'sink'. */
export type Route = { when: TagCondition; to: string | readonly string[] }

export type Limits = {
  /** The largest value. Default 1 MiB, at most 64 MiB. */
  messageBytes: number
  /** All shared memory of the topology. Default: half of the machine's. */
  memoryBytes: number
  /** Records read and not settled. Default 16,384. */
  inFlight: number
  /** How long a drain may take. Default 10,000. */
  graceMs: number
  /** After how many contract breaches of a sink the topology stops. Default 1. */
  contractBreaches: number
  /** How often a thread may die or hang while it has a record alone in hand, before the record goes to the fallback. Default 3. */
  poisonAfter: number
  /** How often a source gives a record that is nacked each time, before it goes to the fallback or stops the topology. Default 10. */
  maxDeliveries: number
}

export type TopologyOptions = {
  /** Letters, digits, `-`, `_` and `.`. */
  name: string
  source: Source
  map?: MapHandler | MapStage | MapBranches | readonly (MapHandler | MapStage | MapBranches)[]
  sink: Sink
  /** Further sinks, which `routes` name. */
  sinks?: Readonly<Record<string, Sink>>
  /** `to`: 'sink', 'fallback', 'onSuccess', 'drop', or a name of `sinks`; a list makes copies. */
  routes?: readonly Route[]
  fallback?: Sink
  onSuccess?: Sink
  /** The default for sinks and map stages. */
  retry?: RetryOptions
  order?: Order
  limits?: Partial<Limits>
  /** Where it tells how it stands, over HTTP. Default: nowhere. */
  admin?: AdminOptions
  /** 0: everything in one loop of the calling thread, no worker threads. */
  threads?: 0
}

/** A stage, or one of its branches. */
export type Stage = {
  readonly name: string
  /** Number of the stage: branches of one stage have the same. */
  readonly level: number
  /** The stage that it is a branch of. */
  readonly branchOf: string | undefined
  /** Of a branch: which messages it takes; undefined for all that no other branch takes. */
  readonly when: TagCondition | undefined
  readonly handler: MapHandler
  readonly threads: number
  readonly concurrency: number
  readonly handlerTimeoutMs: number
  readonly retry: RetryStrategy
  readonly degrade: (CircuitOptions & { readonly handler: MapHandler }) | undefined
  readonly rekey: boolean
}

/** A sink in its role, with its defaults filled in. */
export type SinkRole = {
  readonly name: string
  readonly role: 'sink' | 'fallback' | 'onSuccess'
  readonly sink: Sink
  readonly retry: RetryStrategy
  readonly writeTimeoutMs: number
  readonly batchMax: number
  readonly concurrency: number
  readonly thread: 'egress' | 'ingress'
}

/** A checked topology with every default filled in. Made by defineTopology only. */
export type Topology = {
  readonly name: string
  readonly source: Source
  readonly stages: readonly Stage[]
  /** The one named 'sink' first. */
  readonly sinks: readonly SinkRole[]
  readonly routes: readonly { readonly when: TagCondition; readonly to: readonly string[] }[]
  readonly fallback: SinkRole | undefined
  readonly onSuccess: SinkRole | undefined
  readonly order: Order
  /** The option that says so, such as `order` or `map.order`; undefined where it is the default. */
  readonly orderGiven: string | undefined
  readonly limits: Limits
  readonly admin: AdminOptions | undefined
  /** True: everything in one loop. */
  readonly inline: boolean
}

export type {
  AdminOptions,
  Headers,
  MapContext,
  MapHandler,
  MapOutput,
  MapResult,
  OnExhausted,
  Order,
  Output,
  RetryOptions,
  RetryStrategy,
}
