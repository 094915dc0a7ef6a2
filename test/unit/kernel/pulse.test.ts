import { describe, expect, it } from 'vitest'
import { PULSE_BYTES, TURNS_WORD } from '../../../src/kernel/layout.js'
import { Pulse } from '../../../src/kernel/pulse.js'

describe('a pulse', () => {
  it('is seen from another thread: who owns the memory, and that the loop turns', () => {
    const memory = new SharedArrayBuffer(PULSE_BYTES)
    const own = new Pulse(memory)
    const seen = new Pulse(memory)
    expect([seen.owner, seen.turns]).toEqual([0, 0])
    own.own(7)
    own.beat()
    own.beat()
    expect([seen.owner, seen.turns]).toEqual([7, 2])
  })

  it('wraps', () => {
    const memory = new SharedArrayBuffer(PULSE_BYTES)
    const pulse = new Pulse(memory) as unknown as { count: number; beat(): void; turns: number }
    pulse.count = 2 ** 31 - 1
    pulse.beat()
    expect(pulse.turns).toBe(-(2 ** 31))
    expect(new Int32Array(memory)[TURNS_WORD]).toBe(-(2 ** 31))
  })
})
