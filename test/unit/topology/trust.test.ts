// On a thread that imports again what was checked, nothing is checked, and the schema's library is not even loaded.

import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { Response } from '../../../src/sinks/response.js'
import { defineTopology, isTopology, trustDefinitions } from '../../../src/topology/define.js'

const isZodLoaded = () =>
  Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('/node_modules/zod/'))

test('a trusted definition is taken as it is', () => {
  const sink = { write: (batch: readonly never[]) => batch.map(Response.ok) }
  const wrong = { name: 'orders', source: { read: () => null }, sink, order: 'keys' } as never
  trustDefinitions()
  trustDefinitions()
  const topology = defineTopology(wrong)
  expect(isTopology(topology)).toBe(true)
  expect(topology).toMatchObject({ name: 'orders', order: 'keys', limits: { inFlight: 16_384 } })
  expect(isZodLoaded()).toBe(false)
})
