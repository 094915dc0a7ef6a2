// What user code may give that is neither a value nor a decent promise or error: it costs its own message, and that once.

import { expect, test } from 'vitest'
import type { Message } from '../../../src/kernel/message.js'
import { Response } from '../../../src/sinks/response.js'
import { generator } from '../../../src/sources/generator.js'
import { defineTopology } from '../../../src/topology/define.js'
import { start } from '../../../src/topology/start.js'

const BAD = '7'
const later = (ms: number, act: () => void) => void setTimeout(act, ms)
const hostile = () =>
  new Proxy(
    {},
    {
      get() {
        throw new Error('get')
      },
      has() {
        throw new Error('has')
      },
      getPrototypeOf() {
        throw new Error('prototype')
      },
    },
  )

type Settle = (value: unknown) => void
const thenables: Record<string, (yes: Settle, no: Settle) => void> = {
  'settles twice at once': (yes) => {
    yes('A')
    yes('B')
  },
  'settles twice, the second time later': (yes) => {
    yes('A')
    later(3, () => yes('B'))
  },
  'settles, then fails': (yes, no) => {
    yes('A')
    no(new Error('too late'))
  },
  'settles, then throws': (yes) => {
    yes('A')
    throw new Error('too late')
  },
}

async function play(bad: (message: Message) => unknown) {
  const written: string[] = []
  const fallen: string[] = []
  const topology = defineTopology({
    name: 'odd',
    threads: 0,
    source: generator({ count: 20 }),
    map: {
      handler: (message) => (message.id === BAD ? (bad(message) as string) : message.id),
      retry: { attempts: 2, backoff: { initialMs: 1 } },
    },
    sink: {
      write: (batch) => {
        for (const message of batch) written.push(message.text())
        return batch.map((message) => Response.ok(message))
      },
    },
    fallback: {
      write: (batch) => {
        for (const message of batch) fallen.push(message.id)
        return batch.map((message) => Response.ok(message))
      },
    },
  })
  const { finished } = await start(topology, { log: () => {} })
  return { summary: await finished, written: written.sort(), fallen }
}

const others = Array.from({ length: 20 }, (_, id) => String(id)).filter((id) => id !== BAD)

for (const [name, then] of Object.entries(thenables)) {
  test(`a thenable that ${name} is what it was first`, async () => {
    const { summary, written, fallen } = await play(() => ({ then }))
    expect(written).toEqual([...others, 'A'].sort())
    expect(fallen).toEqual([])
    expect(summary).toMatchObject({ ok: true, acked: 20, written: 20, failed: 0 })
  })
}

const hostiles: Record<string, () => unknown> = {
  throws: () => {
    throw hostile()
  },
  returns: hostile,
  'rejects with': () => Promise.reject(hostile()),
}

for (const [name, bad] of Object.entries(hostiles)) {
  test(`a handler that ${name} what throws when it is looked at fails its own message`, async () => {
    const { summary, written, fallen } = await play(bad)
    expect(written).toEqual([...others].sort())
    expect(fallen).toEqual([BAD])
    expect(summary).toMatchObject({ ok: true, acked: 20, failed: 2, fallback: 1 })
  })
}
