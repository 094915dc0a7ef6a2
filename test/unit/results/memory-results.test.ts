// The options of memoryResults, and its time and room with a clock that the test holds.

import { describe, expect, it, test } from 'vitest'
import { createLog } from '../../../src/kernel/log.js'
import {
  type MemoryResultsOptions,
  memoryResults,
  memoryResultsOf,
} from '../../../src/results/memory-results.js'

const log = createLog(() => {}, 'test', 'test')

test.each<[unknown, string]>([
  [5, 'memoryResults: got 5, wanted an object such as { keepMs: 60_000 }'],
  [{ keepms: 5 }, 'memoryResults: unknown option keepms; did you mean keepMs?'],
  [{ keepMs: 0 }, 'memoryResults: keepMs: got 0, wanted a whole number from 1 to 2,592,000,000'],
  [{ bytes: '64' }, 'memoryResults: bytes: got "64", wanted a whole number from 4,096 to 268,435,456'],
])('unusable options: %j', (options, message) => {
  const make = () => memoryResults(options as MemoryResultsOptions)
  expect(make).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message }))
})

describe('memoryResults', () => {
  it('says that it is not open before and after', async () => {
    const results = memoryResults()
    const notOpen = { code: 'ERR_STORE', message: 'memoryResults: it is not open' }
    await expect(results.accept('a', Buffer.alloc(1))).rejects.toMatchObject(notOpen)
    await results.open?.({ log })
    expect(await results.accept('a', Buffer.alloc(1))).toBe('accepted')
    await results.close?.()
    await expect(results.finish('a', Buffer.alloc(1))).rejects.toMatchObject(notOpen)
    expect(results.stats?.()).toEqual({})
  })

  it('gives up results to the ms, keeps requests, and says so in numbers', async () => {
    let nowMs = 0
    const time = { clock: { now: () => nowMs }, wallMs: () => 1_000_000 }
    const results = memoryResultsOf({ keepMs: 100, bytes: 4_096 }, time)
    await results.open?.({ log })
    await results.accept('request', Buffer.alloc(100))
    nowMs = 5
    await results.finish('result', Buffer.from('r'))
    nowMs = 104
    expect(await results.get('result')).toEqual({
      state: 'finished',
      sinceMs: 1_000_005,
      result: new Uint8Array(Buffer.from('r')),
    })
    expect(results.stats?.()).toEqual({ entries: 2, accepted: 1, bytes: 639, evicted: 0 })
    nowMs = 105
    expect(await results.get('result')).toBeUndefined()
    nowMs = 1e9
    expect(await results.get('request')).toEqual({ state: 'accepted', sinceMs: 1_000_000 })
    for (let i = 0; i < 20; i++) await results.finish(`${i}`, Buffer.alloc(1_000))
    expect(results.stats?.()).toEqual({ entries: 3, accepted: 1, bytes: 370 + 2 * 1_260, evicted: 18 })
  })
})
