// Options that cannot be meant: each is refused where it is, with what it got and what it wanted.

import { expect, test } from 'vitest'
import { type ServingOptions, serving } from '../../../../src/sources/serving.js'

const two = { a: { weight: 1 }, b: {} }
const WRONG: readonly [options: object, error: string][] = [
  [{ duplicate: 'join' }, 'serving: unknown option duplicate; did you mean duplicates?'],
  [{ duplicates: true }, "serving: duplicates: got true, wanted 'reject' or 'join'"],
  [{ dedupe: 0 }, 'serving: dedupe: got 0, wanted true or false'],
  [{ results: {} }, 'serving: results: got '],
  [{ concurrency: true }, 'serving: concurrency: got true'],
  [{ concurrency: { min: 5, max: 4 } }, 'serving: concurrency.max: got 4'],
  [{ inFlight: 8, concurrency: { max: 9 } }, 'serving: concurrency.min: got 9'],
  [{ classes: {} }, 'serving: classes: got '],
  [{ classes: null }, 'serving: classes: got null'],
  [{ classes: { a: { weight: 0 } } }, 'serving: classes.a.weight: got 0'],
  [{ classes: { a: { weight: Number.NaN } } }, 'serving: classes.a.weight: got NaN'],
  [{ classes: { a: { inFlight: 0 } } }, 'serving: classes.a.inFlight: got 0'],
  [{ classes: { 'a b': {} } }, 'serving: classes: got '],
  [{ classHeader: 'x-class' }, 'serving: classHeader: got '],
  [{ classHeader: 'X-Class', classes: two }, 'serving: classHeader: got '],
  [{ routes: {} }, 'serving: routes: got '],
  [{ routes: [{}] }, 'serving: routes[0].tag: got nothing'],
  [{ routes: [{ tag: 'a', share: Number.NaN }] }, 'serving: routes[0].share: got NaN'],
  [{ routes: [{ tag: 'a', share: 5 }] }, 'serving: routes[0].share: got 5'],
  [{ routes: [{ tag: 'a', class: 'c' }], classes: two }, 'serving: routes[0].class: got '],
  [{ routes: [{ tag: 'a', headers: ['x'] }] }, 'serving: routes[0].headers: got '],
  [{ routes: [{ tag: 'a', headers: { 'X-A': '' } }] }, 'serving: routes[0].headers: got '],
  [{ routes: [{ tag: 'a', path: 'orders' }] }, 'serving: routes[0].path: got '],
  [{ routes: [{ tag: 'a', when: true }] }, 'serving: routes[0].when: got true'],
  [{ schema: () => true }, 'serving: schema: got '],
  [{ openapi: { title: 5 } }, 'serving: openapi.title: got 5'],
  [{ openapi: { version: 3 } }, 'serving: openapi.version: got 3'],
  [{ openapi: { titel: 'a' } }, 'serving: openapi: unknown option titel; did you mean title?'],
  [{ path: '' }, 'serving: path: got '],
  [{ timeoutMs: 0 }, 'serving: timeoutMs: got 0'],
  [{ timeoutMs: Number.NaN }, 'serving: timeoutMs: got NaN'],
]

test.each(WRONG)('%j', (options, error) => {
  expect(() => serving({ port: 0, ...options } as ServingOptions)).toThrow(error)
})
