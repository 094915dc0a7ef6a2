import { expect, it } from 'vitest'
import { epochOfLife, readerOf } from '../../../src/kernel/epoch.js'

it('each life of each reader has an epoch of its own, higher than those before, which tells whose it is', () => {
  for (const readers of [1, 2, 3, 64]) {
    const seen = new Set<number>()
    for (let life = 0; life < 5; life++) {
      for (let reader = 0; reader < readers; reader++) {
        const epoch = epochOfLife(life, reader, readers)
        expect(readerOf(epoch, readers)).toBe(reader)
        expect(epoch).toBeGreaterThan(life === 0 ? 0 : epochOfLife(life - 1, reader, readers))
        seen.add(epoch)
      }
    }
    expect(seen.size).toBe(5 * readers)
  }
})

it('of one reader they are 1, 2, 3', () => {
  expect([0, 1, 2].map((life) => epochOfLife(life, 0, 1))).toEqual([1, 2, 3])
})
