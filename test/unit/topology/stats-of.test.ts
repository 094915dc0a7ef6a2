import { expect, it } from 'vitest'
import { statsOf } from '../../../src/topology/stats-of.js'

const end = (stats: () => unknown) => ({ stats: stats as () => Record<string, number> })

it('gives the numbers that can be shown', () => {
  const given = { client_gone: 3, zero: 0, Upper: 1, 'a"b': 1, nan: Number.NaN, text: '7', endless: Infinity }
  expect(statsOf(end(() => given))).toEqual({ client_gone: 3, zero: 0 })
})

it('gives none where there are none, or where they cannot be had', () => {
  const throws = () => {
    throw new Error('not now')
  }
  for (const stats of [throws, () => undefined, () => null]) expect(statsOf(end(stats))).toEqual({})
  expect(statsOf({})).toEqual({})
})

it('gives so many, and no more', () => {
  const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`n${i}`, i]))
  expect(Object.keys(statsOf(end(() => many)))).toHaveLength(64)
})
