import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { COUNTERS, Counters, createCountersMemory, TIMES } from '../../../src/kernel/counters.js'

/** How many different accounts of the other thread are looked at. */
const LOOKS = 20_000

describe('counters', () => {
  it('start at zero, add, and are read through another view of the same memory', () => {
    const memory = createCountersMemory()
    const counters = new Counters(memory)
    counters.add('read')
    counters.add('read', 4)
    counters.set('inFlight', 3)
    const reader = new Counters(memory)
    expect(COUNTERS.map((name) => reader.get(name)).filter((count) => count !== 0)).toEqual([5, 3])
    expect(reader.snapshot()).toEqual({ read: 5, inFlight: 3 })
  })

  it('do not lose a count over 2^31', () => {
    const counters = new Counters(createCountersMemory())
    counters.set('read', 2 ** 40)
    counters.add('read')
    expect(counters.get('read')).toBe(2 ** 40 + 1)
  })

  it('have a histogram for each of what is timed, and none disturbs another or the counts', () => {
    const memory = createCountersMemory()
    const counters = new Counters(memory)
    TIMES.forEach((name, i) => {
      counters.times[name].observe(1, i + 1)
    })
    const reader = new Counters(memory)
    expect(TIMES.map((name) => reader.times[name].addTo().reduce((sum, count) => sum + count))).toEqual([
      1, 2, 3, 4, 5,
    ])
    expect(reader.snapshot()).toEqual({})
  })

  it('give the account of roots as it was set', () => {
    const counters = new Counters(createCountersMemory())
    expect(counters.roots()).toEqual({ read: 0, acked: 0, nacked: 0, inFlight: 0, abandoned: 0 })
    counters.setRoots(10, 5, 2, 2, 1)
    expect(counters.roots()).toEqual({ read: 10, acked: 5, nacked: 2, inFlight: 2, abandoned: 1 })
    expect(counters.get('acked')).toBe(5)
  })

  it('give an account that adds up, while another thread sets one after the other', async () => {
    const memory = createCountersMemory()
    const counters = new Counters(memory)
    const url = new URL('../../../dist/kernel/counters.js', import.meta.url).href
    const code = `
      const { workerData } = require('node:worker_threads')
      import(workerData.url).then(({ Counters }) => {
        const counters = new Counters(workerData.memory)
        const stop = new Int32Array(workerData.stop)
        for (let n = 1; Atomics.load(stop, 0) === 0; n++) counters.setRoots(4 * n, n, n, n, n)
      })`
    const stop = new SharedArrayBuffer(4)
    const worker = new Worker(code, { eval: true, workerData: { memory, url, stop } })
    const ended = once(worker, 'exit')
    let failure: unknown
    worker.once('error', (error) => {
      failure = error
    })
    const deadline = performance.now() + 20_000
    let looks = 0
    for (let last = 0; looks < LOOKS && failure === undefined && performance.now() < deadline; ) {
      if (counters.get('read') === 0) await new Promise((resolve) => setImmediate(resolve))
      const { read, acked, nacked, inFlight, abandoned } = counters.roots() ?? expect.fail('none is read')
      if (read !== acked + nacked + inFlight + abandoned)
        expect.fail(`${read} ${acked} ${nacked} ${inFlight}`)
      if (read === last) continue
      last = read
      looks++
    }
    Atomics.store(new Int32Array(stop), 0, 1)
    await ended
    expect(failure).toBeUndefined()
    expect(looks).toBe(LOOKS)
  })
})
