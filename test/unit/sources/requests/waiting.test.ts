import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Exchange } from '../../../../src/sources/requests/exchange.js'
import { Waiting } from '../../../../src/sources/requests/waiting.js'

// The simplest model: a map by offset, in the order of adding.
test('it knows who waits, whatever the order in which they leave', () => {
  const commands = fc.array(fc.tuple(fc.constantFrom('add', 'settle', 'orphan'), fc.nat(1_000)), {
    maxLength: 200,
  })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), commands, (max, list) => {
      const waiting = new Waiting(max)
      const model = new Map<number, Exchange>()
      const orphans = () => [...model.values()].filter(({ state }) => state === 'orphaned').length
      let tick = 0
      for (const [command, pick] of list) {
        const offsets = [...model.keys()]
        const offset = offsets[pick % Math.max(1, offsets.length)]
        if (command === 'add') {
          // More than `max` may come: one that waits long must not end in anything but slower access.
          const exchange = exchangeOf((tick++ * 7) % 31, pick % 3)
          waiting.add(exchange)
          model.set(exchange.record.offset as number, exchange)
        } else if (offset === undefined) expect(waiting.settle(pick + 5_000)).toBe(undefined)
        else {
          const exchange = model.get(offset) as Exchange
          if (command === 'orphan') {
            if (exchange.state !== 'orphaned') waiting.orphan(exchange)
          } else {
            expect(waiting.settle(offset)).toBe(exchange)
            model.delete(offset)
            expect(waiting.settle(offset)).toBe(undefined)
          }
        }
        expect(waiting.size + waiting.orphanCount).toBe(model.size)
        expect(waiting.orphanCount).toBe(orphans())
        expect([...waiting.all()]).toEqual([...model.values()])
        expect([...waiting.overdue(15)]).toEqual([...model.values()].filter(({ dueTick }) => dueTick < 15))
        const [, socket] = SOCKETS
        expect([...waiting.of(socket)]).toEqual(
          waiting.size === 0 ? [] : [...model.values()].filter((each) => each.socket === socket),
        )
      }
    }),
  )
})

test('those who wait for the answer to another are found by time and by connection, until they part', () => {
  const waiting = new Waiting(4)
  const first = exchangeOf(100, 0)
  const second = exchangeOf(3, 1)
  waiting.add(first)
  waiting.join(second, first)
  expect([...waiting.overdue(4)]).toEqual([second])
  expect([...waiting.of(SOCKETS[1])]).toEqual([second])
  expect([second.state, [...(first.joined ?? [])], first.isWanted]).toEqual(['joined', [second], true])
  waiting.part(second)
  expect([...waiting.overdue(4)]).toEqual([])
  expect(first.joined?.size).toBe(0)
})

test('an id is that of the first until its end', () => {
  const waiting = new Waiting(4)
  const [first, second] = [exchangeOf(0, 0, 'x'), exchangeOf(0, 1, 'x')]
  waiting.reserveId(first)
  waiting.reserveId(second)
  expect(waiting.byId('x')).toBe(first)
  waiting.releaseId(second)
  expect(waiting.byId('x')).toBe(first)
  waiting.releaseId(first)
  expect(waiting.byId('x')).toBe(undefined)
})

const SOCKETS = [{}, {}, {}] as Exchange['socket'][]

function exchangeOf(dueTick: number, socket: number, id = ''): Exchange {
  const exchange = new Exchange(undefined, SOCKETS[socket], id, id !== '', 0, false)
  exchange.dueTick = dueTick
  exchange.state = 'given'
  return exchange
}

test('those of an earlier life have their own numbers, whatever the others are', () => {
  const waiting = new Waiting(1)
  const earlier = exchangeOf(5, 0)
  earlier.record.partition = 1
  earlier.record.offset = 1_000_000_000_003
  waiting.add(earlier)
  const others = Array.from({ length: 9 }, () => exchangeOf(50, 1))
  for (const other of others) waiting.add(other)
  expect(others.map(({ record }) => record.offset)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  expect([waiting.size, [...waiting.overdue(6)]]).toEqual([10, [earlier]])
  expect(waiting.settle(1_000_000_000_002)).toBe(undefined)
  expect(waiting.settle(1_000_000_000_003)).toBe(earlier)
  for (const [offset, other] of others.entries()) expect(waiting.settle(offset)).toBe(other)
  expect(waiting.size).toBe(0)
})
