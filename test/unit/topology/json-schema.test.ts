// The JSON schema of a topology: sound by the rules of its own draft, and as strict as defineTopology where JSON can say it.

import { expect, test } from 'vitest'
import { topologyJsonSchema } from '../../../src/topology/json-schema.js'

type Schema = { [keyword: string]: unknown }
const schema = topologyJsonSchema() as Schema & { properties: Record<string, Schema> }

/** The keywords that we use, and what each takes; `$schema` is at the root only. */
const KEYWORDS: Record<string, (value: unknown) => boolean> = {
  $schema: (value) => value === 'https://json-schema.org/draft/2020-12/schema',
  title: isText,
  description: isText,
  type: (value) => ['object', 'array', 'string', 'number', 'integer', 'boolean'].includes(value as string),
  properties: isSchemas,
  propertyNames: isSchema,
  additionalProperties: (value) => typeof value === 'boolean' || isSchema(value),
  required: (value) => Array.isArray(value) && value.every(isText),
  items: isSchema,
  minItems: isCount,
  anyOf: (value) => Array.isArray(value) && value.length > 0 && value.every(isSchema),
  enum: (value) => Array.isArray(value) && new Set(value).size === value.length,
  const: () => true,
  pattern: (value) => isText(value) && new RegExp(value as string, 'u').source !== '',
  minLength: isCount,
  minimum: Number.isFinite,
  maximum: Number.isFinite,
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}
function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0
}
function isSchema(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.entries(value).every(([keyword, given]) => KEYWORDS[keyword]?.(given) ?? false)
}
function isSchemas(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every(isSchema)
}

test('it is a schema of draft 2020-12', () => {
  for (const [keyword, value] of Object.entries(schema))
    expect(KEYWORDS[keyword]?.(value), keyword).toBe(true)
  expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema')
  expect(isSchema({ type: 'text' })).toBe(false)
  expect(isSchema({ properties: { a: { requierd: [] } } })).toBe(false)
})

test('it knows all options, and no other', () => {
  expect(Object.keys(schema.properties)).toEqual(
    expect.arrayContaining([
      'name',
      'source',
      'map',
      'sink',
      'sinks',
      'routes',
      'fallback',
      'retry',
      'limits',
    ]),
  )
  expect(schema).toMatchObject({ type: 'object', additionalProperties: false })
  expect(schema.required).toEqual(['name', 'source', 'sink'])
})

test('functions are described', () => {
  const { source, sink, map } = schema.properties as Record<
    string,
    { properties: Record<string, Schema> } & Schema
  >
  expect(source.properties.read.description).toMatch(/^A function read\(max\)/)
  expect(sink.properties.check.description).toBe('A function check().')
  expect((map.anyOf as Schema[])[0].description).toBe('A function (message, context).')
})

test('bounds are those of the code', () => {
  const limits = schema.properties.limits as { properties: Record<string, Schema> }
  expect(limits.properties.inFlight).toMatchObject({ type: 'integer', minimum: 1, maximum: 1_048_576 })
})
