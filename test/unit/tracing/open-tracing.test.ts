// Tracing is opened where an SDK is registered, and not disabled; nobody imports OpenTelemetry but to check types.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Log } from '../../../src/kernel/log.js'
import { openTracing } from '../../../src/tracing/open-tracing.js'
import { ROOT } from '../../support/child.js'

const REGISTRY = Symbol.for('opentelemetry.js.api.1')
const registry = globalThis as { [REGISTRY]?: unknown }
const PLACE = { topology: 'a', thread: 'main', module: undefined }

const warnings: string[] = []
const ignore = () => {}
const log = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  error: ignore,
  fatal: ignore,
  warn: (text: string) => warnings.push(text),
} as unknown as Log

const disabled = process.env.OTEL_SDK_DISABLED
afterEach(() => {
  warnings.length = 0
  delete registry[REGISTRY]
  if (disabled === undefined) delete process.env.OTEL_SDK_DISABLED
  else process.env.OTEL_SDK_DISABLED = disabled
})

describe('openTracing', () => {
  it('gives nothing where nobody is registered', async () => {
    expect(await openTracing(PLACE, log)).toBeUndefined()
    registry[REGISTRY] = { version: '1.9.1', diag: {} }
    expect(await openTracing(PLACE, log)).toBeUndefined()
    expect(warnings).toEqual([])
  })

  it.each(['true', 'TRUE', ' true '])('gives nothing with OTEL_SDK_DISABLED=%j', async (value) => {
    await registerSdk()
    process.env.OTEL_SDK_DISABLED = value
    expect(await openTracing(PLACE, log)).toBeUndefined()
    process.env.OTEL_SDK_DISABLED = 'false'
    expect(await openTracing(PLACE, log)).toBeDefined()
  })

  it('warns where the SDK is of another version of the API', async () => {
    registry[REGISTRY] = { version: '1.0.0', trace: {} }
    expect(await openTracing(PLACE, log)).toBeUndefined()
    expect(warnings).toEqual([expect.stringContaining('another version of @opentelemetry/api')])
  })

  it('warns where the SDK is none', async () => {
    registry[REGISTRY] = { version: '1.999.0', trace: {} }
    expect(await openTracing(PLACE, log)).toBeUndefined()
    expect(warnings).toEqual([expect.stringContaining('getTracer is not a function')])
  })
})

async function registerSdk(): Promise<void> {
  const { trace } = await import('@opentelemetry/api')
  const { NodeTracerProvider } = await import('@opentelemetry/sdk-trace-node')
  trace.setGlobalTracerProvider(new NodeTracerProvider())
}

it('no file of src imports a value of OpenTelemetry', () => {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  const imports = files.flatMap(
    (name) => readFileSync(join(ROOT, 'src', name), 'utf8').match(/^.*from '@opentelemetry.*$/gm) ?? [],
  )
  expect(imports.length).toBeGreaterThan(3)
  expect(imports.filter((line) => !line.startsWith('import type '))).toEqual([])
})
