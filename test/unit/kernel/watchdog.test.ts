// The watchdog: it counts how long it has seen nothing move, and no pause of its own.

import { beforeEach, describe, expect, it } from 'vitest'
import { Cell, createCellMemory } from '../../../src/kernel/cell.js'
import { Pulse } from '../../../src/kernel/pulse.js'
import { Watchdog } from '../../../src/kernel/watchdog.js'

const EVERY_MS = 50

let pulse: Pulse
let cells: Cell[]
let watchdog: Watchdog
let nowMs: number
beforeEach(() => {
  pulse = new Pulse()
  const memories = [0, 1].map(() => createCellMemory({ inbounds: [], outbounds: [], registers: [] }))
  cells = memories.map((memory) => new Cell(memory, [], [], 0))
  watchdog = new Watchdog(pulse, memories)
  nowMs = 1_000
})

function look(afterMs = EVERY_MS): number {
  nowMs += afterMs
  return watchdog.look(nowMs, EVERY_MS)
}

describe('the watchdog', () => {
  it('counts from its first look, however late that comes', () => {
    expect(look(100_000)).toBe(0)
    expect([look(), look(), look()]).toEqual([50, 100, 150])
  })

  it('begins anew when the loop turns', () => {
    look()
    expect(look()).toBe(50)
    pulse.beat()
    expect(look()).toBe(0)
    expect(look()).toBe(50)
  })

  it('begins anew with each call of user code, of any actor, though the loop does not turn', () => {
    look()
    for (let i = 0; i < 5; i++) {
      cells[1].handlingBatch()
      expect(look()).toBe(0)
      expect(look()).toBe(50)
      cells[1].handled()
      expect(look()).toBe(0)
      expect(look()).toBe(50)
    }
  })

  it('tells two calls for batches apart, even where it has not seen the time between them', () => {
    cells[0].handlingBatch()
    look()
    expect(look()).toBe(50)
    cells[0].handled()
    cells[0].handlingBatch()
    expect(look()).toBe(0)
  })

  it('does not count a pause of its own: a process that was stopped has nobody stuck in it', () => {
    look()
    expect(look()).toBe(50)
    // One look may be late, by as much again.
    expect(look(60_000)).toBe(150)
    expect(look(80)).toBe(230)
  })
})
