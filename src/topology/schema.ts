// The schema of what defineTopology takes: types and bounds of single options. What several options say together is in checks.ts.
//
// A schema's error text is what was wanted; problems.ts puts the path and what it got before it. An object of options answers
// unknown keys with the known ones. Sinks and sources may have more fields, and are only looked at.
// Made when it is first asked for: every thread imports this file, and zod takes longer to load than a thread to start.

import { createRequire } from 'node:module'
import type { ZodRawShape } from 'zod'
import { countText } from '../kernel/count-text.js'
import { wholeNumber } from '../kernel/options.js'
import { DELIVERIES_MAX } from '../kernel/suspicion.js'
import { NAME_PATTERN, NAME_WANTED } from './names.js'

type Zod = typeof import('zod').z
let z: Zod
let made: ReturnType<typeof createSchema> | undefined

const MESSAGE_BYTES_MAX = 64 * 1024 * 1024
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const ORDERS = ['none', 'key', 'source'] as const
const HANDLER_WANTED = 'a function (message, context)'
const MAP_WANTED = 'a function (message, context), a map stage { handler } or { branches }, or a list of them'
const BRANCHES_WANTED = 'a list of branches { name, when, handler }'
const CONDITION_WANTED = 'an object with exactly one of and, or, not'

/** Gives the schema of all that defineTopology takes, always the same object. As JSON schema: json-schema.ts. */
export function topologySchema() {
  z ??= (createRequire(import.meta.url)('zod') as typeof import('zod')).z
  made ??= createSchema()
  return made
}

function createSchema() {
  const retry = retrySchema()
  const sink = sinkSchema(retry)
  return options('an object of options, with name, source and sink', {
    name: nameSchema().describe('Letters, digits, `-`, `_` and `.`.'),
    source: sourceSchema(),
    map: mapSchema(retry).optional(),
    sink,
    sinks: z
      .record(z.string(), sink, { error: 'an object of sinks by name' })
      .describe('Further sinks, for routes.')
      .optional(),
    routes: z
      .array(routeSchema(), { error: 'a list of routes { when, to }' })
      .describe('The first that matches decides; without one it is the sink.')
      .optional(),
    fallback: sink.describe('Gets what the others gave up on.').optional(),
    onSuccess: sink.describe('Gets what sinks answer with Response.onSuccess.').optional(),
    retry: retry.describe('The default for sinks and map stages.').optional(),
    order: oneOf(ORDERS).optional(),
    limits: limitsSchema().optional(),
    admin: adminSchema().describe('Where it tells how it stands, over HTTP.').optional(),
    threads: z
      .literal(0, {
        error: '0 (everything in one loop), or nothing; map.threads is the number of map threads',
      })
      .describe('0: everything in one loop of the calling thread, no worker threads.')
      .optional(),
  })
}

function retrySchema() {
  const backoff = options('an object with initialMs, factor, maxMs and jitter', {
    initialMs: between(0, HOUR_MS).describe('Delay before the second try, in ms. Default 10.').optional(),
    factor: between(1, 1_000)
      .describe('Each further delay is this many times the one before. Default 2.')
      .optional(),
    maxMs: between(0, DAY_MS).describe('No delay is longer, in ms. Default 1,000.').optional(),
    jitter: between(0, 1)
      .describe('Each delay is multiplied by a random number in 1 ± jitter. Default 0.2.')
      .optional(),
  })
  return options('an object with attempts, backoff and onExhausted', {
    attempts: z
      .custom<number>(isAttempts, { error: 'a whole number from 1 to 1,000,000, or Infinity' })
      .meta({
        type: 'integer',
        minimum: 1,
        maximum: 1_000_000,
        description: 'All tries, the first included. In code also Infinity: no limit.',
      })
      .optional(),
    backoff: backoff.optional(),
    onExhausted: oneOf(['fallback', 'drop', 'nack', 'stop'])
      .describe('What becomes of a message whose attempts are exhausted.')
      .optional(),
  })
}

function sinkSchema(retry: ReturnType<typeof retrySchema>) {
  const shape = {
    write: fn('a function write(batch) that gives a Response for each message'),
    check: fn('a function check()').optional(),
    files: fn('a function files()').optional(),
    open: fn('a function open(context)').optional(),
    stats: fn('a function stats()').optional(),
    close: fn('a function close()').optional(),
    name: z.string({ error: 'a text' }).optional(),
    driver: z.string({ error: 'a text' }).optional(),
    ordered: flag().optional(),
    atomic: flag().optional(),
    writeTimeoutMs: whole(1, DAY_MS).optional(),
    batchMax: whole(1, 65_536).optional(),
    concurrency: whole(1, 4_096).optional(),
    thread: oneOf(['egress', 'ingress']).optional(),
    retry: retry.optional(),
  }
  return z.object(shape, { error: 'a sink: an object with write(batch)' })
}

function sourceSchema() {
  const shape = {
    read: fn('a function read(max) that gives a list of records, or null at the end'),
    check: fn('a function check()').optional(),
    files: fn('a function files()').optional(),
    open: fn('a function open(context)').optional(),
    ack: fn('a function ack(acks)').optional(),
    nack: fn('a function nack(nacks)').optional(),
    pending: fn('a function pending()').optional(),
    stats: fn('a function stats()').optional(),
    partitions: fn('a function partitions()').optional(),
    close: fn('a function close()').optional(),
    name: z.string({ error: 'a text' }).optional(),
    driver: z.string({ error: 'a text' }).optional(),
    ordered: flag().optional(),
    redelivers: flag().optional(),
    cancels: flag().optional(),
    threads: whole(1, 64).optional(),
    checkpoint: z.string({ error: 'the path of a directory' }).optional(),
    total: between(0, Number.MAX_SAFE_INTEGER).optional(),
    unit: oneOf(['records', 'bytes']).optional(),
  }
  return z.object(shape, { error: 'a source: an object with read(max)' })
}

function mapSchema(retry: ReturnType<typeof retrySchema>) {
  const handler = fn(HANDLER_WANTED)
  const name = nameSchema().describe('Default map, or map-1, map-2… where there are several.').optional()
  const order = oneOf(ORDERS).optional()
  const own = {
    handler,
    threads: whole(1, 64).describe('Map threads. Default: the cores that the other actors leave.').optional(),
    concurrency: whole(1, 65_536).describe('Async calls in flight per thread. Default 64.').optional(),
    handlerTimeoutMs: whole(1, DAY_MS)
      .describe('An async handler without a result after this long fails that attempt. Default 30,000.')
      .optional(),
    retry: retry.optional(),
    degrade: degradeSchema(handler)
      .describe('Called in place of the handler while too many of its calls fail.')
      .optional(),
    rekey: flag()
      .describe('True where the keys that the handler sets decide the order from here on.')
      .optional(),
  }
  const stage = options('a map stage: an object with a handler', { ...own, name, order })
  const branch = options('a branch: an object with a name and a handler', {
    ...own,
    name: nameSchema().describe('In full stage.branch.'),
    when: conditionSchema()
      .describe('Which messages it takes: the first branch that fits decides. The last one has none.')
      .optional(),
  })
  const branches = z
    .array(branch, { error: BRANCHES_WANTED })
    .min(1, { error: BRANCHES_WANTED })
    .describe("Several handlers, chosen by a message's tags.")
  const branched = options('a map stage: an object with branches', { branches, name, order })
  const one = z.union([handler, stage, branched], {
    error: `${HANDLER_WANTED}, or a map stage { handler } or { branches }`,
  })
  return z.union([handler, stage, branched, z.array(one, { error: MAP_WANTED })], { error: MAP_WANTED })
}

function degradeSchema(handler: ReturnType<typeof fn>) {
  const given = options('an object with handler, failures, calls, openMs and probes', {
    handler,
    failures: between(0.01, 1)
      .describe('The share of failed calls at which it begins. Default 0.5.')
      .optional(),
    calls: whole(1, 10_000).describe('Of how many calls, the last ones. Default 20.').optional(),
    openMs: whole(1, HOUR_MS)
      .describe('After how long the handler is tried again, in ms; doubled, up to 16 times. Default 5,000.')
      .optional(),
    probes: whole(1, 1_000).describe('How many tries must succeed. Default 1.').optional(),
  })
  return z.union([handler, given], {
    error: `${HANDLER_WANTED}, or { handler, failures, calls, openMs, probes }`,
  })
}

function conditionSchema() {
  const tag = z.string({ error: 'a tag: a text' }).min(1, { error: 'a tag: a text' })
  const tags = z.array(tag, { error: 'a list of tags' })
  return options(CONDITION_WANTED, {
    and: tags.optional(),
    or: tags.min(1, { error: 'a list of at least one tag (an empty one matches nothing)' }).optional(),
    not: tags.optional(),
  }).refine((given) => Object.values(given).filter((each) => each !== undefined).length === 1, {
    error: CONDITION_WANTED,
  })
}

function routeSchema() {
  const target = z.string({ error: 'the name of a sink, or "drop"' })
  const targets = z.array(target, { error: 'a list' }).min(1, { error: 'at least one name; to drop, "drop"' })
  return options('a route: an object with when and to', {
    when: conditionSchema().describe("A condition over a message's tags."),
    to: z
      .union([target, targets], { error: 'the name of a sink, "drop", or a list of sinks' })
      .describe("'sink', 'fallback', 'onSuccess', 'drop', or a name of `sinks`; a list makes copies."),
  })
}

function limitsSchema() {
  return options('an object of limits', {
    messageBytes: whole(1, MESSAGE_BYTES_MAX).describe('The largest value. Default 1 MiB.').optional(),
    memoryBytes: whole(65_536, Number.MAX_SAFE_INTEGER)
      .describe("All shared memory of the topology. Default: half of the machine's.")
      .optional(),
    inFlight: whole(1, 1_048_576).describe('Records read and not settled. Default 16,384.').optional(),
    graceMs: whole(0, HOUR_MS).describe('How long a drain may take. Default 10,000.').optional(),
    contractBreaches: whole(1, 1_000_000)
      .describe('After how many contract breaches of a sink the topology stops. Default 1.')
      .optional(),
    poisonAfter: whole(1, DELIVERIES_MAX)
      .describe('Deaths of a thread in the handler of one record, before it goes to the fallback. Default 3.')
      .optional(),
    maxDeliveries: whole(0, 1_000_000)
      .describe('How often a source may give a nacked record again. Default 10.')
      .optional(),
  })
}

function adminSchema() {
  const text = () => z.string({ error: 'a text' }).min(1, { error: 'a text' })
  return options('an object with port, host, tokenEnv or tokenFile', {
    port: whole(0, 65_535).describe('0: any that is free; the log says which.'),
    host: text()
      .describe("Default 127.0.0.1: this machine only. Any other one than this machine's own needs a token.")
      .optional(),
    tokenEnv: text().describe('Name of the environment variable that holds the token.').optional(),
    tokenFile: text().describe('Path of the file that holds the token.').optional(),
  })
}

function options<Shape extends ZodRawShape>(wanted: string, shape: Shape) {
  const known = Object.keys(shape).join(' ')
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? known : wanted) })
}

function nameSchema() {
  return z.string({ error: NAME_WANTED }).regex(NAME_PATTERN, { error: NAME_WANTED })
}

function fn(wanted: string) {
  const isFunction = (value: unknown) => typeof value === 'function'
  return z.custom<(...args: never[]) => unknown>(isFunction, { error: wanted }).describe(upperFirst(wanted))
}

function upperFirst(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}.`
}

function flag() {
  return z.boolean({ error: 'true or false' })
}

function whole(min: number, max: number) {
  const error = wholeNumber(min, max)
  return z.int({ error }).min(min, { error }).max(max, { error })
}

function between(min: number, max: number) {
  const error = `a number from ${countText(min)} to ${countText(max)}`
  return z.number({ error }).min(min, { error }).max(max, { error })
}

function oneOf<const Names extends readonly [string, ...string[]]>(names: Names) {
  const quoted = names.map((each) => `"${each}"`)
  return z.enum(names, { error: `${quoted.slice(0, -1).join(', ')} or ${quoted[quoted.length - 1]}` })
}

function isAttempts(value: unknown): boolean {
  return (
    value === Infinity ||
    (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 1_000_000)
  )
}
