// /openapi.json: whole, whatever the schemas are, and nothing in it refers to what is not there.

import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { ServingOptions } from '../../../../src/sources/serving.js'
import { send } from '../requests/kit.js'
import { type OpenServing, openServing, schemaOf } from './kit.js'

type Json = Record<string, unknown>
let serving: OpenServing
afterEach(() => serving?.end())

async function documentOf(options: Partial<ServingOptions>): Promise<Json> {
  serving = await openServing(options)
  const { status, headers, body } = await send({ port: serving.port, path: '/openapi.json', method: 'GET' })
  expect([status, headers['content-type']]).toEqual([200, 'application/json'])
  expect(serving.stat('answered_200')).toBe(1)
  return JSON.parse(body)
}

/** What is at a pointer such as `#/components/schemas/Body`. */
function at(document: Json, pointer: string): unknown {
  const steps = pointer.slice(1).split('/').slice(1)
  return steps
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, step) => (value as Json | undefined)?.[step], document)
}

function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, each]) =>
    key === '$ref' && typeof each === 'string' ? [each] : refsIn(each),
  )
}

const bodyOf = (document: Json, path: string) =>
  at(document, `#/paths/${path.replaceAll('/', '~1')}/post/requestBody/content/application~1json/schema`)

test('it has all endpoints and the words that it was given', async () => {
  const { openapi, info, paths, ...rest } = await documentOf({
    openapi: { title: 'Prices', version: '2', description: 'What things cost.' },
    routes: [{ tag: 'orders', path: '/orders' }],
  })
  expect([openapi, info]).toEqual([
    '3.1.0',
    { title: 'Prices', version: '2', description: 'What things cost.' },
  ])
  const posts = ['sync', 'async', 'sync/orders', 'async/orders'].map((name) => `/v1/process/${name}`)
  const gets = ['fetch', 'sse', 'status'].map((name) => `/v1/process/${name}`)
  expect(Object.keys(paths as Json).sort()).toEqual([...posts, ...gets].sort())
  for (const path of posts) expect((paths as Record<string, Json>)[path]).toHaveProperty('post.responses')
  for (const path of gets) expect((paths as Record<string, Json>)[path]).toHaveProperty('get.responses')
  expect(rest).not.toHaveProperty('security')
})

test('words that are not given have their defaults', async () => {
  const { info } = await documentOf({ openapi: { title: undefined, version: undefined } as never })
  expect(info).toEqual({ title: 'Millrace serving', version: '1' })
})

describe('schemas', () => {
  test('that refer to themselves do so where they stand', async () => {
    const tree = z.object({
      name: z.string(),
      get children() {
        return z.array(tree)
      },
    })
    const list = z.object({ next: tree.nullable() })
    const document = await documentOf({
      schema: tree,
      routes: [
        { tag: 'list', path: '/list', schema: list },
        { tag: 'list', path: '/tree', schema: tree },
        { tag: 'list', path: '/other', schema: z.array(z.number()) },
      ],
    })
    for (const ref of refsIn(document)) expect([ref, at(document, ref)]).toEqual([ref, expect.any(Object)])
    expect(bodyOf(document, '/v1/process/sync')).toEqual({ $ref: '#/components/schemas/Body' })
    expect(bodyOf(document, '/v1/process/sync/tree')).toEqual({ $ref: '#/components/schemas/Body' })
    expect(bodyOf(document, '/v1/process/async/list')).toEqual({ $ref: '#/components/schemas/Body-list' })
    expect(bodyOf(document, '/v1/process/sync/other')).toEqual({ $ref: '#/components/schemas/Body-list-2' })
    expect(at(document, '#/components/schemas/Body/properties/children/items')).toEqual({
      $ref: '#/components/schemas/Body',
    })
  })

  test('have what can be told of them, also where one field has no type in JSON', async () => {
    const document = await documentOf({ schema: z.object({ at: z.date(), name: z.string() }) })
    expect(at(document, '#/components/schemas/Body')).toMatchObject({
      properties: { at: {}, name: { type: 'string' } },
      required: ['at', 'name'],
    })
  })

  const circular: Json = {}
  circular.self = circular
  test.each([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['gives what is no JSON', () => circular],
    ['gives nothing', () => undefined],
  ])('whose library %s are left out, and the rest is there', async (_, input) => {
    const document = await documentOf({ schema: schemaOf((value) => ({ value }), { jsonSchema: { input } }) })
    expect(bodyOf(document, '/v1/process/sync')).toBeUndefined()
    expect(at(document, '#/paths/~1v1~1process~1sync/post/requestBody/content')).toEqual({
      'application/json': {},
    })
  })
})
