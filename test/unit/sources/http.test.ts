// The options of `http`, its check, its token and TLS.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { type HttpOptions, http } from '../../../src/sources/http.js'
import { makeCertificate } from '../../support/certificate.js'
import { type OpenHttp, openHttp } from './requests/kit.js'

let open: OpenHttp | undefined
const directory = mkdtempSync(join(tmpdir(), 'millrace-http-'))
afterEach(async () => {
  await open?.end()
  open = undefined
  delete process.env.MILLRACE_TEST_TOKEN
})

afterAll(() => rmSync(directory, { recursive: true }))

describe('unusable options', () => {
  test.each<[unknown, string]>([
    [undefined, 'http: got nothing, wanted an object such as { port: 8080 }'],
    [8080, 'http: got 8080, wanted an object such as { port: 8080 }'],
    [{}, 'http: port: got nothing, wanted a whole number from 0 to 65,535, as in { port: 8080 }'],
    [{ port: '8080' }, 'http: port: got "8080", wanted a whole number from 0 to 65,535'],
    [{ port: 65_536 }, 'http: port: got 65536, wanted a whole number from 0 to 65,535'],
    [{ port: 0, prot: 1 }, 'http: unknown option prot; did you mean port?'],
    [{ port: 0, host: '' }, `http: host: got "", wanted an address or a host's name, such as '0.0.0.0'`],
    [{ port: 0, path: 'in' }, 'http: path: got "in", wanted a path such as \'/orders\''],
    [{ port: 0, path: '/a?b' }, 'http: path: got "/a?b"'],
    [{ port: 0, path: '/grün' }, 'http: path: got "/grün"'],
    [{ port: 0, inFlight: 0 }, 'http: inFlight: got 0, wanted a whole number from 1 to 1,048,576'],
    [{ port: 0, threads: 65 }, 'http: threads: got 65, wanted a whole number from 1 to 64'],
    [{ port: 0, timeoutMs: 1 }, 'http: timeoutMs: got 1, wanted a whole number from 10 to 86,400,000'],
    [{ port: 0, auth: {} }, 'http: auth: got an empty object, wanted tokenEnv or tokenFile, one of the two'],
    [
      { port: 0, auth: { tokenEnv: 'A', tokenFile: 'b' } },
      'http: auth: got an object with tokenEnv and tokenFile, wanted tokenEnv or tokenFile, one of the two',
    ],
    [{ port: 0, auth: { token: 'A' } }, 'http: auth: unknown option token'],
    [
      { port: 0, auth: { tokenEnv: 1 } },
      'http: auth.tokenEnv: got 1, wanted the name of an environment variable',
    ],
    [{ port: 0, tls: { certFile: 'a' } }, 'http: tls.keyFile: got nothing, wanted the path of a PEM file'],
    [{ port: 0, tls: { cert: 'a' } }, 'http: tls: unknown option cert; did you mean certFile?'],
    [
      { port: 0, limits: { bodybytes: 1 } },
      'http: limits: unknown option bodybytes; did you mean bodyBytes?',
    ],
    [
      { port: 0, limits: { bodyBytes: -1 } },
      'http: limits.bodyBytes: got -1, wanted a whole number from 0 to 67,108,864',
    ],
    [{ port: 0, limits: { idleMs: 1 } }, 'http: limits: unknown option idleMs'],
    [{ port: 0, limits: 5 }, 'http: limits: got 5, wanted an object such as { bodyBytes: 65536 }'],
  ])('%j', (options, message) => {
    const make = () => http(options as HttpOptions)
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }))
    expect(make).toThrow(message)
  })
})

test('nothing happens before open', async () => {
  const source = http({ port: 0 })
  expect([source.read(1), source.pending?.(), source.stats?.()]).toEqual([[], 0, {}])
  await source.close?.()
})

describe('check', () => {
  test('passes where all is there, and leaves the port free', async () => {
    const source = http({ port: 0 })
    await source.check?.()
    open = await openHttp()
    await expect(http({ port: open.port }).check?.()).rejects.toMatchObject({
      code: 'ERR_OPEN',
      message: `http: cannot listen on 127.0.0.1:${open.port}: the port is in use (EADDRINUSE)`,
    })
  })

  test('says which token or file is missing', async () => {
    const auth = { tokenEnv: 'MILLRACE_TEST_TOKEN' }
    await expect(http({ port: 0, auth }).check?.()).rejects.toMatchObject({ code: 'ERR_CONFIG' })
    const tls = { certFile: join(directory, 'none.pem'), keyFile: join(directory, 'none.key') }
    await expect(http({ port: 0, tls }).check?.()).rejects.toMatchObject({
      code: 'ERR_OPEN',
      message: expect.stringContaining(`http: tls.certFile: ${tls.certFile} cannot be read: ENOENT`),
    })
    writeFileSync(tls.certFile, 'no certificate')
    writeFileSync(tls.keyFile, 'no key')
    await expect(http({ port: 0, tls }).check?.()).rejects.toMatchObject({
      code: 'ERR_OPEN',
      message: expect.stringContaining('cannot be used'),
    })
  })
})

test('opening on a port that is taken is ERR_OPEN, and names it', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await expect(openHttp({ port })).rejects.toMatchObject({
    code: 'ERR_OPEN',
    message: expect.stringContaining(`127.0.0.1:${port}`),
  })
  server.close()
})

test('a token is wanted, before anything is said of the request', async () => {
  process.env.MILLRACE_TEST_TOKEN = 'secret'
  open = await openHttp({ auth: { tokenEnv: 'MILLRACE_TEST_TOKEN' } })
  open.echo()
  const refused = await open.post('x', { headers: { 'X-Numaflow-Id': 'a b' } })
  expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, 'Bearer'])
  expect((await open.post('', { method: 'GET' })).status).toBe(401)
  expect((await open.post('x', { headers: { Authorization: 'Bearer wrong' } })).status).toBe(401)
  expect((await open.post('x', { headers: { Authorization: 'Bearer secret' } })).status).toBe(200)
})

describe('TLS', () => {
  const tls = { certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') }
  const hasOpenssl = makeCertificate(tls)

  function postSecurely(port: number, body: string, ca = readFileSync(tls.certFile)): Promise<string> {
    return new Promise((resolve, reject) => {
      // A connection of its own: each has a handshake.
      const sent = request({ port, host: '127.0.0.1', method: 'POST', ca, agent: false }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (some) => {
          text += some
        })
        response.on('end', () => resolve(text))
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }

  test.skipIf(!hasOpenssl)('serves HTTPS, and nothing to who does not speak it', async () => {
    open = await openHttp({ tls, limits: { headersTimeoutMs: 500 } })
    open.echo()
    expect(open.logs.map(({ level, message }) => [level, message])).toEqual([
      [
        'warn',
        expect.stringMatching(/^the TLS certificate .*cert\.pem expires in 1 day: it is valid until 2/),
      ],
      ['info', `http listens on https://127.0.0.1:${open.port}/`],
    ])
    expect(await postSecurely(open.port, 'secretly')).toBe('secretly')
    const plain = await open.raw()
    plain.write('POST / HTTP/1.1\r\nHost: a\r\n\r\n')
    await plain.closed()
    expect(plain.text).not.toContain('HTTP/1.1')
    // A handshake that does not come ends, too.
    await (await open.raw()).closed()
  })

  test.skipIf(!hasOpenssl)('has a new certificate when the files have changed', async () => {
    open = await openHttp({ tls })
    open.echo()
    const old = readFileSync(tls.certFile)
    expect(await postSecurely(open.port, 'one', old)).toBe('one')
    makeCertificate(tls, 90)
    // The files are looked at once a second.
    const { logs, port } = open
    const wasRead = () => logs.some(({ message }) => message.includes('were read again'))
    const untilMs = performance.now() + 10_000
    while (!wasRead() && performance.now() < untilMs) await postSecurely(port, 'any', old).catch(() => {})
    expect(wasRead()).toBe(true)
    expect(await postSecurely(open.port, 'two')).toBe('two')
    await expect(postSecurely(open.port, 'two', old)).rejects.toThrow(/self.signed/)
  })

  test.skipIf(!hasOpenssl)('closes, though a client has not begun to speak it', async () => {
    open = await openHttp({ tls })
    const silent = await open.raw()
    const half = await open.raw()
    half.write('\x16\x03\x01\x02')
    await open.source.close?.()
    await silent.closed()
    await half.closed()
  })
})
