// Records that nobody expects, by kind. `offset` is their number.

import { chanceOf } from './random.mjs'

const PLAIN = 20

/** @param {string} kind @param {number} limit limits.messageBytes */
export function oddRecords(kind, limit) {
  const plain = Array.from({ length: PLAIN }, (_, i) => ({ value: `plain ${i}`, keys: [`k${i % 3}`] }))
  const half = PLAIN / 2
  return [...plain.slice(0, half), ...KINDS[kind](limit), ...plain.slice(half)].map((record, offset) => ({
    ...record,
    offset,
  }))
}

/** @type {Record<string, (limit: number) => object[]>} */
export const KINDS = {
  empty: () => times(50, (i) => ({ value: i % 2 ? '' : new Uint8Array(0), keys: [`k${i % 3}`] })),
  megabyte: () => times(30, (i) => ({ value: Buffer.alloc(1_000_000, i) })),
  limit: (limit) => times(8, (i) => ({ value: Buffer.alloc(limit, i) })),
  overLimit: (limit) => [{ value: Buffer.alloc(limit + 1) }],
  utf8: () => times(50, (i) => ({ value: Buffer.from(times(100, (j) => chanceOf(i, j) * 256)) })),
  headers: () => times(20, (i) => ({ value: `${i}`, headers: headersOf(1_000) })),
  headersOverLimit: () => [{ value: 'a', headers: { a: 'b'.repeat(200_000) } }],
  ids: () => times(500, (i) => ({ value: `${i}`, id: `twin-${i % 3}`, keys: [`k${i % 2}`] })),
  keys: () => [
    { value: 'none' },
    { value: 'undefined', keys: undefined },
    { value: 'list', keys: [] },
    { value: 'empty', keys: [''] },
    { value: 'nul', keys: ['a\0b', '\0'] },
    { value: 'long', keys: ['x'.repeat(60_000)] },
    { value: 'many', keys: times(1_000, (i) => `key ${i}`) },
    { value: 'surrogate', keys: ['\ud800'] },
  ],
  nullKeys: () => [{ value: 'null', keys: null }],
  tombstones: () => times(20, (i) => ({ value: null, keys: [`k${i % 3}`] })),
}

function times(count, make) {
  return Array.from({ length: count }, (_, i) => make(i))
}

function headersOf(count) {
  return Object.fromEntries(times(count, (i) => [`header-${i}`, `value ${i}`]))
}
