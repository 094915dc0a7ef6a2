// The endpoints as an OpenAPI 3.1 document, with the schemas of bodies where they can be told.

import type { RequestRoute } from './request-route.js'
import type { ServingSettings } from './settings.js'
import type { StandardSchema } from './standard-schema.js'

type Json = Record<string, unknown>

const TARGET = 'draft-2020-12'
const SCHEMAS = '#/components/schemas/'
const ID: Json = {
  name: 'X-Numaflow-Id',
  in: 'header',
  description: "The request's id. Made where none is given, and said in the answer.",
  schema: { type: 'string', maxLength: 256 },
}
const REQUEST_HEADERS: readonly Json[] = [
  ID,
  {
    name: 'X-Numaflow-Keys',
    in: 'header',
    description: 'Keys, with commas between them.',
    schema: { type: 'string' },
  },
  {
    name: 'X-Numaflow-Event-Time',
    in: 'header',
    description: 'In ms since 1970.',
    schema: { type: 'integer', minimum: 0 },
  },
  {
    name: 'X-Request-Timeout-Ms',
    in: 'header',
    description: 'How long the client waits.',
    schema: { type: 'integer', minimum: 1 },
  },
]
const QUERY_ID: Json = { name: 'id', in: 'query', required: true, schema: { type: 'string', maxLength: 256 } }

/** Gives the document as text, when the libraries of the schemas have been asked. */
export async function openApiOf(settings: ServingSettings): Promise<Buffer> {
  const { path, routes, openapi, auth, results } = settings
  const paths: Json = {}
  const schemas: Json = { Problem: PROBLEM }
  const names = new Map<StandardSchema, string | undefined>()
  const byPath = new Map<string, RequestRoute | undefined>([['', undefined]])
  for (const route of routes)
    if (route.path !== undefined && !byPath.has(route.path)) byPath.set(route.path, route)
  for (const [suffix, route] of byPath) {
    const schema = route?.schema ?? settings.schema
    if (schema !== undefined && !names.has(schema))
      names.set(schema, await nameIn(schemas, schema, route?.schema && route.tag))
    const body = { required: true, content: contentOf(schema, schema && names.get(schema)) }
    const own = route === undefined ? {} : { tags: [route.tag] }
    paths[`${path}/sync${suffix}`] = { post: { ...own, ...syncOperation(body) } }
    if (results !== undefined) paths[`${path}/async${suffix}`] = { post: { ...own, ...asyncOperation(body) } }
  }
  if (results !== undefined) addResults(paths, path)
  const bearer = { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } }
  const components = { schemas, ...(auth !== undefined && bearer) }
  const security = auth === undefined ? {} : { security: [{ bearer: [] }] }
  return Buffer.from(
    `${JSON.stringify({ openapi: '3.1.0', info: openapi, paths, components, ...security }, undefined, 2)}\n`,
  )
}

function addResults(paths: Json, path: string): void {
  const fetched = {
    '200': answer('The answer, or that it is in progress'),
    '204': plain('Nobody answered it'),
  }
  paths[`${path}/fetch`] = {
    get: { summary: 'The result of an id', ...read({ ...fetched, ...problems('500') }) },
  }
  const events = { description: 'Server-sent events', content: { 'text/event-stream': {} } }
  paths[`${path}/sse`] = {
    get: { summary: 'The result as events', ...read({ '200': events, ...problems('429') }) },
  }
  const state = { description: 'The state', content: { 'application/json': { schema: { type: 'object' } } } }
  paths[`${path}/status`] = {
    get: { summary: 'The state of an id', ...read({ '200': state }) },
  }
}

const PROBLEM: Json = {
  type: 'object',
  properties: {
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    message: { type: 'string' },
    code: { type: 'integer' },
    timestamp: { type: 'string', format: 'date-time' },
    errors: {
      type: 'array',
      items: { type: 'object', properties: { path: { type: 'string' }, message: { type: 'string' } } },
    },
  },
}

function syncOperation(requestBody: Json): Json {
  return {
    summary: 'Process a message, and wait for its answer',
    parameters: REQUEST_HEADERS,
    requestBody,
    responses: {
      '200': answer('The answer'),
      '204': plain('Nobody answered it'),
      ...problems('400', '401', '409', '413', '422', '429', '500', '503', '504'),
    },
  }
}

function asyncOperation(requestBody: Json): Json {
  const schema = {
    type: 'object',
    properties: {
      message: { type: 'string' },
      id: { type: 'string' },
      code: { type: 'integer' },
      timestamp: { type: 'string' },
    },
  }
  return {
    summary: 'Accept a message, whose result is fetched later',
    parameters: REQUEST_HEADERS,
    requestBody,
    responses: {
      '200': { description: 'It is accepted', content: { 'application/json': { schema } } },
      ...problems('400', '401', '409', '413', '422', '429', '503'),
    },
  }
}

const read = (responses: Json): Json => ({
  parameters: [QUERY_ID],
  responses: { ...responses, ...problems('400', '401', '404', '503') },
})
const plain = (description: string): Json => ({ description })
const answer = (description: string): Json => ({ description, content: { '*/*': {} } })

function problems(...codes: string[]): Json {
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
  return Object.fromEntries(codes.map((code) => [code, { description: 'A problem', content }]))
}

function contentOf(schema: StandardSchema | undefined, name: string | undefined): Json {
  if (schema === undefined) return { '*/*': {} }
  return { 'application/json': name === undefined ? {} : { schema: { $ref: `${SCHEMAS}${name}` } } }
}

/** Puts a schema among the others, and gives its name; undefined where its library cannot tell it. */
async function nameIn(schemas: Json, schema: StandardSchema, tag?: string): Promise<string | undefined> {
  const first = tag === undefined ? 'Body' : `Body-${tag}`
  let name = first
  for (let number = 2; name in schemas; number++) name = `${first}-${number}`
  try {
    const known = await jsonSchemaOf(schema)
    if (known !== undefined) schemas[name] = moved(known, `${SCHEMAS}${name}`)
  } catch {
    // What its library throws, or what is no JSON.
  }
  return name in schemas ? name : undefined
}

/** What refers to its own root refers to where it stands now. */
function moved(schema: Json, to: string): Json {
  const hasOwnBase = schema.$id !== undefined
  const text = JSON.stringify(schema, (key, value) =>
    key === '$ref' && !hasOwnBase && /^#(?:\/|$)/.test(value) ? to + value.slice(1) : value,
  )
  return JSON.parse(text)
}

/** Gives it where the library can tell: by Standard JSON Schema, or because it is zod. */
async function jsonSchemaOf(schema: StandardSchema): Promise<Json | undefined> {
  const { jsonSchema, vendor } = schema['~standard']
  if (vendor !== 'zod' || !('_zod' in schema)) return jsonSchema?.input({ target: TARGET })
  // Not by its own word: it would say nothing of a schema with one field that JSON has no type for.
  const { toJSONSchema } = await import('zod')
  return toJSONSchema(schema as never, { io: 'input', unrepresentable: 'any' }) as Json
}
