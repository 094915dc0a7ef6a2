// `millrace tap` against servers that say what a test wants: an admin port, and everything that is none.

import dns from 'node:dns'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { dispatch } from '../../../src/cli/dispatch.js'
import { tapVerb } from '../../../src/cli/tap.js'
import { tapText } from '../../../src/cli/tap-text.js'
import { type FakeIo, type FakeOptions, fakeIo } from './fake-io.js'

const MAILBOXES = {
  mailboxes: [
    { mailbox: 'reader..map', usedBytes: 1_000, capacityBytes: 4_096 },
    { mailbox: 'map..sink', usedBytes: 0, capacityBytes: 4_096 },
  ],
}
const BEGIN = { tap: 'begin', mailbox: 'reader..map' }
const MESSAGE = {
  mailbox: 'reader..map',
  kind: 'message',
  sequence: 7,
  epoch: 1,
  id: 'a',
  valueBytes: 2,
  value: 'hi',
}
const END = { tap: 'end', reason: 'the topology has ended', shown: 1, missedBytes: 0 }
const PROBLEM = { timestamp: '2026-01-01T00:00:00.000Z' }

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listening(server: Server): Promise<string> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return String((server.address() as AddressInfo).port)
}

function http(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  return listening(
    createServer((request, response) => {
      response.on('error', () => {})
      answer(request, response.setHeader('Connection', 'close'))
    }),
  )
}

/** One that streams these lines, and ends. */
function streaming(...lines: object[]): Promise<string> {
  return http((request, response) => {
    if (!request.url?.includes('mailbox=')) response.end(JSON.stringify(MAILBOXES))
    else response.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  })
}

async function run(args: string[], options: FakeOptions = {}, io: FakeIo = fakeIo(options)) {
  const code = await dispatch(['tap', ...args], io, [{ name: 'tap', load: async () => tapVerb }])
  return { code, out: io.out(), err: io.err() }
}

describe('shows', () => {
  test('the mailboxes', async () => {
    const admin = await streaming()
    expect(await run(['--admin', admin])).toEqual({
      code: 0,
      out: 'reader..map  1,000 of 4,096 bytes\nmap..sink    0 of 4,096 bytes\n',
      err: '',
    })
    const { out } = await run(['--admin', admin, '--json'])
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(MAILBOXES.mailboxes)
  })

  test('messages, until the topology has ended', async () => {
    const admin = await streaming(BEGIN, MESSAGE, { tap: 'alive' }, { ...MESSAGE, sequence: 8 }, END)
    expect(await run(['reader..map', '--admin', admin])).toEqual({
      code: 0,
      out: '#7 id=a 2 B hi\n#8 id=a 2 B hi\n',
      err: 'millrace tap: the topology has ended\n',
    })
  })

  test('messages as JSON, so many', async () => {
    const admin = await streaming(BEGIN, MESSAGE, MESSAGE, MESSAGE, END)
    const { code, out, err } = await run(['reader..map', '--admin', admin, '--json', '--count', '2'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toBe(`${JSON.stringify(MESSAGE)}\n`.repeat(2))
  })

  test('what it was asked to ask for', async () => {
    let asked: IncomingMessage | undefined
    const admin = await http((request, response) => {
      asked = request
      response.end(`${JSON.stringify(BEGIN)}\n${JSON.stringify(END)}\n`)
    })
    const args = ['a..b', '--rate', '5', '--bytes', '9', '--redact', 'x,y', '--no-values', '--token-env', 'T']
    await run([...args, '--admin', `http://127.0.0.1:${admin}/`], { env: { T: 's3' } })
    expect(asked?.url).toBe('/tap?mailbox=a..b&rate=5&bytes=9&redact=x%2Cy&values=none')
    expect(asked?.headers.authorization).toBe('Bearer s3')
  })
})

describe('ends', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('with 0 by %s', async (signal) => {
    const io = fakeIo()
    const admin = await http((_, response) => {
      response.write(`${JSON.stringify(BEGIN)}\n${JSON.stringify(MESSAGE)}\n`)
      const look = setInterval(() => io.out() !== '' && io.signal(signal), 1)
      response.on('close', () => clearInterval(look))
    })
    expect(await run(['reader..map', '--admin', admin], {}, io)).toMatchObject({ code: 0, err: '' })
  })

  test('with 0 when the reader of stdout has gone', async () => {
    const io = fakeIo()
    let gone: () => void = () => {}
    Object.assign(io.stdout, { once: (_: string, call: () => void) => (gone = call) })
    const admin = await http((_, response) => {
      response.write(`${JSON.stringify(BEGIN)}\n`)
      gone()
    })
    expect(await run(['reader..map', '--admin', admin], {}, io)).toMatchObject({ code: 0, err: '' })
  })

  test('with 1 when the connection breaks off', async () => {
    for (const end of ['end', 'destroy'] as const) {
      const admin = await http((_, response) => {
        response.write(`${JSON.stringify(BEGIN)}\n`, () => response[end]())
      })
      const { code, err } = await run(['reader..map', '--admin', admin])
      expect({ code, err }).toEqual({
        code: 1,
        err: `millrace tap: http://127.0.0.1:${admin}: the connection broke off\n`,
      })
    }
  })
})

describe('is refused in one line, with 2', () => {
  const refused = async (args: string[], admin: string, why: string) => {
    const { code, out, err } = await run([...args, '--admin', admin])
    expect({ code, out, err }).toEqual({
      code: 2,
      out: '',
      err: `millrace tap: http://127.0.0.1:${admin}: ${why}\n`,
    })
  }
  const NOT_ADMIN = 'it answers, but not as an admin port does: is it the port of run --admin-port?'

  test('where nobody listens', async () => {
    const admin = await listening(createTcpServer())
    await new Promise((resolve) => servers.pop()?.close(resolve))
    await refused(['a..b'], admin, 'nobody listens there: does it run, with --admin-port?')
  })

  test('where there is no such host', async () => {
    const lookup = vi
      .spyOn(dns, 'lookup')
      .mockImplementation(((_: string, __: object, done: (error: Error) => void) =>
        done(Object.assign(new Error('getaddrinfo ENOTFOUND foo'), { code: 'ENOTFOUND' }))) as never)
    const { code, err } = await run(['--admin', 'foo:9']).finally(() => lookup.mockRestore())
    expect({ code, err }).toEqual({
      code: 2,
      err: 'millrace tap: http://foo:9: there is no host foo\n',
    })
  })

  test('where something else listens', async () => {
    const page = await http((_, response) => response.end('<html>'))
    await refused([], page, NOT_ADMIN)
    await refused(['a..b'], page, NOT_ADMIN)
    await refused([], await http((_, response) => response.end('[]')), NOT_ADMIN)
    await refused(['a..b'], await http((_, response) => response.end('{"a":1}\n')), NOT_ADMIN)
    const missing = await http((_, response) => response.writeHead(404).end('<html>'))
    await refused([], missing, NOT_ADMIN)
    const tcp = await listening(createTcpServer((socket) => socket.on('error', () => {}).end('+OK\r\n')))
    await refused(['a..b'], tcp, NOT_ADMIN)
  })

  test('where the mailbox is none', async () => {
    const admin = await http((request, response) => {
      if (request.url === '/tap') response.end(JSON.stringify(MAILBOXES))
      else response.writeHead(404).end(JSON.stringify({ ...PROBLEM, message: 'no' }))
    })
    await refused(['reader..mat'], admin, 'there is no mailbox "reader..mat": did you mean reader..map?')
    await refused(['x'], admin, 'there is no mailbox "x": there are reader..map, map..sink')
  })

  test('where the server says no', async () => {
    const no = (status: number, message: string) =>
      http((_, response) => response.writeHead(status).end(JSON.stringify({ ...PROBLEM, message })))
    await refused(['a..b'], await no(429, '4 taps are running'), '4 taps are running')
    await refused(['a..b'], await no(503, 'not\u001b[2J yet'), 'not\\u001b[2J yet')
    await refused(
      ['a..b'],
      await no(401, 'unauthorized'),
      'it wants its token: give the variable that holds it, by --token-env',
    )
  })

  test.each([
    [[], '--admin is missing: the admin port of the running topology'],
    [
      ['--admin', 'a b'],
      '--admin: got "a b", wanted a port, host:port, or a URL such as http://127.0.0.1:9090',
    ],
    [
      ['--admin', '70000'],
      '--admin: got "70000", wanted a port, host:port, or a URL such as http://127.0.0.1:9090',
    ],
    [['--admin', '1', '--rate', '0'], '--rate: got "0", wanted a whole number from 1 to 1,000'],
    [['--admin', '1', '--bytes', '1e3'], '--bytes: got "1e3", wanted a whole number from 1 to 65,536'],
    [['--admin', '1', '--count=-1x'], '--count: got "-1x", wanted a whole number from 1 to 1,000,000,000'],
    [['--admin', '1', '--redact', ''], '--redact: got "", wanted names with commas between them'],
    [['--admin', '1', '--redact', ' ,'], '--redact: got " ,", wanted names with commas between them'],
    [['--admin', '1', '--token-env', 'T'], '--token-env: the environment variable "T" is not set'],
    [['--admin', '1', '--rat', '5'], 'unknown option --rat; did you mean --rate?'],
  ])('for the options %j', async (args, why) => {
    const { code, out, err } = await run(args)
    expect({ code, out, err }).toEqual({
      code: 2,
      out: '',
      err: `millrace tap: ${why} (see millrace tap --help)\n`,
    })
  })
})

describe('a message as text', () => {
  const plain = (_: string, text: string) => text
  const base = { mailbox: 'a..b', kind: 'message', epoch: 1, sequence: 7, valueBytes: 1_234 } as const

  test.each([
    [{ value: '{"a":1}' }, '#7 1,234 B {"a":1}'],
    [{ value: 'a\nb\u001b[31m\u009b', isCut: true }, '#7 1,234 B a\\nb\\u001b[31m\\u009b…'],
    [{ value: null }, '#7 1,234 B (tombstone)'],
    [{ base64: '/w==', isCut: true }, '#7 1,234 B base64:/w==…'],
    [
      { hidden: 'no JSON: fields of it cannot be redacted' },
      '#7 1,234 B (hidden: no JSON: fields of it cannot be redacted)',
    ],
    [{}, '#7 1,234 B'],
    [{ kind: 'settlements', sequence: undefined, count: 5 }, 'settlements count=5 1,234 B'],
    [{ kind: 'marker', outcome: 'dropped' }, '#7 marker outcome=dropped 1,234 B'],
    [
      {
        keys: ['k 1', 'l'],
        tags: ['t'],
        eventTime: 'T',
        attempt: 2,
        delivery: 3,
        reason: 'it\nis',
        headers: { h: '', b: { base64: 'AA' } },
      },
      '#7 keys="k 1,l" tags=t time=T attempt=2 delivery=3 reason="it\\nis" h="" b=base64:AA 1,234 B',
    ],
  ])('%j', (more, line) => {
    expect(tapText({ ...base, ...more } as Parameters<typeof tapText>[0], plain)).toBe(line)
  })
})
