import { describe, expect, it } from 'vitest'
import { Doorbell } from '../../../src/kernel/doorbell.js'
import { BELL_WORD, PARKED_WORD } from '../../../src/kernel/layout.js'

function made() {
  const bell = new Doorbell()
  const words = new Int32Array(bell.memory)
  return { bell, signals: () => words[BELL_WORD], isParked: () => words[PARKED_WORD] === 1 }
}

describe('a doorbell', () => {
  it('does not signal an owner that is not parked', () => {
    const { bell, signals } = made()
    bell.ring()
    bell.arm()
    bell.disarm()
    bell.ring()
    expect(signals()).toBe(0)
  })

  it('is signalled by one of many who ring', () => {
    const { bell, signals, isParked } = made()
    bell.arm()
    const others = Array.from({ length: 5 }, () => new Doorbell(bell.memory))
    for (const other of others) other.ring()
    expect(signals()).toBe(1)
    expect(isParked()).toBe(false)
    bell.arm()
    for (const other of others) other.ring()
    expect(signals()).toBe(2)
  })

  it('is signalled though nobody is parked where that is asked for', () => {
    const { bell, signals } = made()
    bell.signal()
    expect(signals()).toBe(1)
  })

  it('ends a wait when it is rung', async () => {
    const { bell } = made()
    const waited = bell.wait(bell.arm(), 60_000)
    expect(waited).toBeDefined()
    new Doorbell(bell.memory).ring()
    expect(await waited).toBe('ok')
  })

  it('does not let its owner wait when it was rung after it was armed', () => {
    const { bell } = made()
    const value = bell.arm()
    bell.ring()
    expect(bell.wait(value, 60_000)).toBeUndefined()
  })

  it('ends a wait that nobody ends after the time-out', async () => {
    const { bell } = made()
    expect(await bell.wait(bell.arm(), 1)).toBe('timed-out')
  })
})
