import { describe, expect, it } from 'vitest'
import { PendingHistory } from '../../../src/admin/pending-history.js'

describe('the history of what is pending', () => {
  it('has no average before there is a sample', () => {
    expect(new PendingHistory().average(60)).toBeUndefined()
  })

  it('averages the last samples, or as many as there are', () => {
    const history = new PendingHistory()
    for (const pending of [10, 20, 60]) history.add(pending)
    expect(history.average(2)).toBe(40)
    expect(history.average(60)).toBe(30)
  })

  it('forgets what is over a quarter of an hour old', () => {
    const history = new PendingHistory()
    for (let i = 0; i < 900; i++) history.add(1_000_000)
    for (let i = 0; i < 900; i++) history.add(5)
    expect(history.average(900)).toBe(5)
    expect(history.average(10_000)).toBe(5)
    history.add(905)
    expect(history.average(900)).toBe(6)
    expect(history.average(10_000)).toBe(6)
  })
})
