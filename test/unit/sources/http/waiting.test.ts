import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Exchange } from '../../../../src/sources/http/exchange.js'
import { Waiting } from '../../../../src/sources/http/waiting.js'

// The simplest model: a map by offset, in the order of adding.
test('it knows who waits, whatever the order in which they leave', () => {
  const commands = fc.array(fc.tuple(fc.constantFrom('add', 'settle', 'leave'), fc.nat(1_000)), {
    maxLength: 200,
  })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), commands, (max, list) => {
      const waiting = new Waiting(max)
      const model = new Map<number, Exchange>()
      let tick = 0
      for (const [command, pick] of list) {
        const offsets = [...model.keys()]
        const offset = offsets[pick % Math.max(1, offsets.length)]
        if (command === 'add') {
          // More than `max` may come: one that waits long must not end in anything but slower access.
          const exchange = exchangeOf(tick++, pick % 3)
          waiting.add(exchange)
          model.set(exchange.record.offset as number, exchange)
        } else if (offset === undefined) expect(waiting.settle(pick + 5_000)).toBe(undefined)
        else {
          const exchange = model.get(offset) as Exchange
          if (command === 'settle') expect(waiting.settle(offset)).toBe(exchange)
          else waiting.leave(exchange)
          model.delete(offset)
          expect(waiting.settle(offset)).toBe(undefined)
        }
        expect(waiting.size).toBe(model.size)
        expect([...waiting.all()]).toEqual([...model.values()])
        expect([...waiting.since(tick - 2)]).toEqual([...model.values()].filter((each) => each.tick < tick - 2))
        const socket = exchangeSockets[1]
        expect([...waiting.of(socket)]).toEqual([...model.values()].filter((each) => each.socket === socket))
      }
    }),
  )
})

const exchangeSockets = [{}, {}, {}] as Exchange['socket'][]

function exchangeOf(tick: number, socket: number): Exchange {
  return { record: {}, tick, socket: exchangeSockets[socket], isOwnId: false, state: 'queued' } as Exchange
}
