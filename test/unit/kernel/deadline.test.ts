import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { within } from '../../../src/kernel/deadline.js'

const never = new Promise<string>(() => {})
const late = () => 'late'

describe('a deadline', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('gives what the promise gives in time, and leaves no timer behind', async () => {
    expect(await within(1_000, Promise.resolve('in time'), late)).toBe('in time')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('rejects as the promise does, and leaves no timer behind', async () => {
    await expect(within(1_000, Promise.reject(new Error('refused')), late)).rejects.toThrow('refused')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('gives what is said for too late, not before its time', async () => {
    const calls: string[] = []
    const result = within(1_000, never, () => {
      calls.push('late')
      return 'late'
    })
    await vi.advanceTimersByTimeAsync(999)
    expect(calls).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(await result).toBe('late')
    expect([calls, vi.getTimerCount()]).toEqual([['late'], 0])
  })

  it('waits for what is said for too late, and rejects where that throws', async () => {
    const slow = within(10, never, () => Promise.resolve('later still'))
    const wrong = within(10, never, () => {
      throw new Error('given up')
    })
    const rejected = expect(wrong).rejects.toThrow('given up')
    await vi.advanceTimersByTimeAsync(10)
    expect(await slow).toBe('later still')
    await rejected
  })

  it('does not mind how the promise ends once it is too late', async () => {
    let reject: (error: Error) => void = () => {}
    const promise = new Promise<string>((_, no) => {
      reject = no
    })
    const result = within(10, promise, late)
    await vi.advanceTimersByTimeAsync(10)
    expect(await result).toBe('late')
    // It would be an unhandled rejection, which fails the run.
    reject(new Error('too late'))
    await vi.advanceTimersByTimeAsync(0)
  })
})
