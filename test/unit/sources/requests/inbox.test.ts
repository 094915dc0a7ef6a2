// What waits to be read, and what is kept of it.

import { ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { Exchange } from '../../../../src/sources/requests/exchange.js'
import { Inbox } from '../../../../src/sources/requests/inbox.js'

function queued(inbox: Inbox, text: string): Exchange {
  const response = new ServerResponse({ method: 'POST' } as never)
  const exchange = new Exchange(response, new Socket(), text, false, text.length, false)
  exchange.state = 'queued'
  exchange.receivedBytes = exchange.heldBytes = text.length
  exchange.record.value = Buffer.from(text)
  inbox.heldBytes += text.length
  inbox.push(exchange)
  return exchange
}
function withdraw(inbox: Inbox, exchange: Exchange): void {
  exchange.state = 'over'
  inbox.withdraw(exchange)
}
const textsOf = (records: readonly { value: unknown }[]) => records.map(({ value }) => String(value))

describe('Inbox', () => {
  test('gives what is there, at most as many as asked for, in its order', () => {
    const inbox = new Inbox(() => {}, 1_024)
    for (const text of ['a', 'b', 'c']) queued(inbox, text)
    expect(textsOf(inbox.read(2) as never)).toEqual(['a', 'b'])
    expect(inbox.size).toBe(1)
    expect(textsOf(inbox.read(2) as never)).toEqual(['c'])
  })

  test('waits where there is none, for the next, or for an interrupt', async () => {
    const inbox = new Inbox(() => {}, 1_024)
    const read = inbox.read(5)
    queued(inbox, 'a')
    expect(textsOf(await read)).toEqual(['a'])
    const interrupted = inbox.read(5)
    inbox.interrupt()
    expect(await interrupted).toEqual([])
  })

  test('forgets the bytes of what was read when the next read comes, and not before', () => {
    const inbox = new Inbox(() => {}, 1_024)
    const exchange = queued(inbox, 'abc')
    inbox.read(1)
    expect([inbox.heldBytes, String(exchange.record.value)]).toEqual([3, 'abc'])
    void inbox.read(1)
    expect([inbox.heldBytes, exchange.record.value?.length]).toEqual([0, 0])
  })

  test('does not give what was withdrawn, and keeps nothing of it', () => {
    const inbox = new Inbox(() => {}, 1_024)
    const exchanges = ['a', 'b', 'c'].map((text) => queued(inbox, text))
    withdraw(inbox, exchanges[1])
    expect([inbox.size, inbox.heldBytes]).toEqual([2, 2])
    expect(textsOf(inbox.read(9) as never)).toEqual(['a', 'c'])
    for (let i = 0; i < 10_000; i++) withdraw(inbox, queued(inbox, 'x'))
    const { queue } = inbox as unknown as { queue: Exchange[] }
    expect(queue.length).toBeLessThan(2_000)
    expect([inbox.size, inbox.heldBytes]).toEqual([0, 2])
  })
})
