// Traces over real threads, with a real SDK: one trace from what came before the source to the sink, through a retry, a stream and
// a dead thread. And nothing of OpenTelemetry is loaded where nobody traces.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Ended, MAIN, ROOT, runNode } from '../support/child.js'

const FIXTURES = join(ROOT, 'test', 'process', 'fixtures', 'tracing')
const OTEL = pathToFileURL(join(FIXTURES, 'otel.mjs')).href
const UPSTREAM = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
const [INTERNAL, PRODUCER, CONSUMER] = [0, 3, 4]
const FAILED = 2

type SpanLine = {
  name: string
  kind: number
  thread: number
  traceId: string
  spanId: string
  parentId?: string
  traceState?: string
  attributes: Record<string, unknown>
  status: { code: number; message?: string }
  events: { name: string; attributes: Record<string, unknown> }[]
  links: string[]
}
type SinkLine = { id: string; traceparent?: string; tracestate?: string; own?: string; traced?: string }

let folder: string
const makeFolder = () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-tracing-'))
}
const removeFolder = () => rmSync(folder, { recursive: true, force: true })

async function runTraced(records: string, env: Record<string, string> = {}): Promise<Ended> {
  const args = ['--import', OTEL, MAIN, 'run', join(FIXTURES, 'topology.mjs'), '--quiet']
  const ended = await runNode(args, {
    env: { FOLDER: folder, SPANS: join(folder, 'spans'), RECORDS: records, ...env },
  })
  expect(ended.code, ended.stderr).toBe(0)
  return ended
}

const linesOf = <Line>(name: string): Line[] => {
  const path = join(folder, name)
  return existsSync(path)
    ? readFileSync(path, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
    : []
}
const spans = () => linesOf<SpanLine>('spans')
const sunk = (id: string) => linesOf<SinkLine>('sink').filter((line) => line.id === id)

/** The only span of this name below another. */
function childOf(parent: SpanLine | undefined, name: string): SpanLine {
  const found = spans().filter((span) => span.parentId === parent?.spanId && span.name === name)
  expect(found, `spans "${name}" below ${parent?.name}`).toHaveLength(1)
  return found[0]
}

function receivedOf(id: string): SpanLine {
  const found = spans().filter(
    (span) => span.name === 'receive texts' && span.attributes['messaging.message.id'] === id,
  )
  expect(found, id).toHaveLength(1)
  return found[0]
}

describe('one trace', () => {
  beforeAll(async () => {
    makeFolder()
    await runTraced('plain failing stream')
  })
  afterAll(removeFolder)

  it('goes from upstream through the source and two map threads to the sink', () => {
    const received = receivedOf('plain')
    const upper = childOf(received, 'process upper')
    const passed = childOf(upper, 'process pass')
    const sent = childOf(passed, 'send sink')
    const chain = [received, upper, passed, sent]
    expect(received.parentId).toBe(UPSTREAM.spanId)
    expect(chain.map(({ traceId }) => traceId)).toEqual(chain.map(() => UPSTREAM.traceId))
    expect(chain.map(({ traceState }) => traceState)).toEqual(chain.map(() => 'vendor=1'))
    expect(chain.map(({ kind }) => kind)).toEqual([CONSUMER, INTERNAL, INTERNAL, PRODUCER])
    expect(chain.map(({ status }) => status.code)).toEqual([0, 0, 0, 0])
    expect(new Set(chain.map(({ thread }) => thread)).size, 'threads').toBe(4)
    expect(received.attributes).toMatchObject({
      'messaging.system': 'millrace',
      'messaging.operation.name': 'receive',
      'messaging.destination.name': 'texts',
      'millrace.topology': 'traced',
      'millrace.outcome': 'ack',
    })
    expect(sent.attributes).toMatchObject({ 'messaging.batch.message_count': 1, 'thread.name': 'egress' })
  })

  it("has the user's own spans in its handlers and sinks, and is active after an await", () => {
    const upper = childOf(receivedOf('plain'), 'process upper')
    childOf(upper, 'work on plain')
    expect(upper.events.map(({ name }) => name)).toEqual(['seen'])
    childOf(childOf(childOf(upper, 'process pass'), 'send sink'), 'inside write')
  })

  it('is what the sink finds in message.trace and in the headers, in place of what came in', () => {
    const passed = childOf(childOf(receivedOf('plain'), 'process upper'), 'process pass')
    const traceparent = `00-${UPSTREAM.traceId}-${passed.spanId}-01`
    const wanted = { id: 'plain', traceparent, traced: traceparent, tracestate: 'vendor=1', own: 'header' }
    expect(sunk('plain')).toEqual([wanted])
    expect(sunk('failing')).toHaveLength(2)
  })

  it('shows each attempt as a span, of handlers and of sinks', () => {
    const received = receivedOf('failing')
    const attempts = spans().filter(
      ({ name, parentId }) => name === 'process upper' && parentId === received.spanId,
    )
    expect(attempts.map(({ attributes }) => attributes['millrace.attempt'])).toEqual([1, 2])
    expect(attempts.map(({ status }) => status)).toEqual([
      { code: FAILED, message: 'not at the first try' },
      { code: 0 },
    ])
    const thrown = attempts[0].events.find(({ name }) => name === 'exception')
    expect(thrown?.attributes).toMatchObject({ 'exception.type': 'TypeError' })
    expect(attempts[0].attributes['error.type']).toBe('TypeError')
    const passed = childOf(attempts[1], 'process pass')
    const writes = spans().filter(({ parentId }) => parentId === passed.spanId)
    expect(writes.map(({ attributes }) => attributes['millrace.attempt'])).toEqual([1, 2])
    expect(writes.map(({ status }) => status.code)).toEqual([FAILED, 0])
    expect(writes[0].events).toMatchObject([
      { name: 'failure', attributes: { 'exception.message': 'sink is busy' } },
    ])
  })

  it('splits where a stream makes several messages, and the span lasts until it is read', () => {
    const upper = childOf(receivedOf('stream'), 'process upper')
    childOf(upper, 'part of stream')
    const passed = spans().filter(
      ({ name, parentId }) => name === 'process pass' && parentId === upper.spanId,
    )
    expect(passed.map(({ attributes }) => attributes['messaging.message.id'])).toEqual([
      'stream.0',
      'stream.1',
    ])
    for (const each of passed) childOf(each, 'send sink')
  })
})

describe('a trace', () => {
  beforeEach(makeFolder)
  afterEach(removeFolder)

  it('goes on after a map thread has died', async () => {
    await runTraced('deadly plain')
    expect(existsSync(join(folder, 'dead'))).toBe(true)
    const upper = childOf(receivedOf('deadly'), 'process upper')
    childOf(childOf(upper, 'process pass'), 'send sink')
    expect(upper.traceId).toBe(receivedOf('deadly').traceId)
    expect(upper.traceId).not.toBe(receivedOf('plain').traceId)
  })
})

describe('the standard variables', () => {
  beforeEach(makeFolder)
  afterEach(removeFolder)

  it('OTEL_TRACES_SAMPLER: what is not sampled makes no spans, and says so to whoever comes after', async () => {
    await runTraced('stream', { OTEL_TRACES_SAMPLER: 'always_off' })
    expect(spans()).toEqual([])
    expect(sunk('stream.0')).toMatchObject([
      { traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/) },
    ])
  })

  it('OTEL_SDK_DISABLED: everything is as without', async () => {
    await runTraced('plain', { OTEL_SDK_DISABLED: 'true' })
    expect(spans().filter(({ name }) => /^(receive|process|send) /.test(name))).toEqual([])
    expect(sunk('plain')).toMatchObject([{ traced: '' }])
  })
})

describe('without a registered SDK', () => {
  beforeEach(makeFolder)
  afterEach(removeFolder)

  /** A project whose @opentelemetry/api notes that it was loaded. */
  function project(): string {
    const api = join(folder, 'node_modules', '@opentelemetry', 'api')
    mkdirSync(api, { recursive: true })
    symlinkSync(ROOT, join(folder, 'node_modules', 'millrace'), 'dir')
    const marker = JSON.stringify(join(folder, 'loaded'))
    writeFileSync(join(api, 'package.json'), '{ "name": "@opentelemetry/api", "main": "index.js" }')
    writeFileSync(
      join(api, 'index.js'),
      `require('node:fs').writeFileSync(${marker}, '')\nthrow new Error('not this one')\n`,
    )
    writeFileSync(
      join(folder, 'topology.mjs'),
      `import { blackhole, defineTopology, generator } from 'millrace'
export default defineTopology({ name: 'a', source: generator({ count: 5 }), map: (message) => message, sink: blackhole() })
`,
    )
    // What an SDK leaves in the registry, by a version that fits nobody.
    writeFileSync(
      join(folder, 'fake-sdk.mjs'),
      "globalThis[Symbol.for('opentelemetry.js.api.1')] = { version: '0.0.1', trace: {} }\n",
    )
    return folder
  }

  it('nothing of OpenTelemetry is loaded', async () => {
    const cwd = project()
    const ended = await runNode([MAIN, 'run', 'topology.mjs', '--quiet'], { cwd })
    expect(ended.code, ended.stderr).toBe(0)
    expect(existsSync(join(cwd, 'loaded'))).toBe(false)
  })

  it('as it is where one is registered; one that does not fit is told of once a thread, and the run goes on', async () => {
    const cwd = project()
    const sdk = pathToFileURL(join(cwd, 'fake-sdk.mjs')).href
    const ended = await runNode(['--import', sdk, MAIN, 'run', 'topology.mjs', '--quiet'], { cwd })
    expect(ended.code, ended.stderr).toBe(0)
    expect(existsSync(join(cwd, 'loaded'))).toBe(true)
    expect(ended.stderr).toContain('an OpenTelemetry SDK is registered, but there are no traces')
  })
})
