// Certificates of clients: with `clientCaFile` only those get in that it has signed, over HTTP/1 and HTTP/2, and it can be replaced.

import { copyFileSync } from 'node:fs'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { FILES, hasOpenssl, type Open, openSecure, pemOf, removeFiles, tlsTo, until } from './secure-kit.js'

let open: Open
afterEach(() => open?.end())
afterAll(removeFiles)

const WHO = [
  ['a client that it has signed', () => pemOf(FILES.client), true],
  ['its own certificate', () => pemOf(FILES.ca), true],
  ['a client of somebody else', () => pemOf(FILES.stranger), false],
  ['a client that signed its own', () => pemOf(FILES.otherCa), false],
  ['a client without one', () => ({}), false],
] as const
const clientCaFile = FILES.ca.certFile
const openMutual = () =>
  openSecure(
    (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate()
      response.end(`${request.httpVersion} ${subject.CN}`)
    },
    {},
    { clientCaFile },
  )

describe.skipIf(!hasOpenssl)('with clientCaFile', () => {
  test.each(WHO)('HTTP/2: %s: %3$s', async (_, pem, isGood) => {
    open = await openMutual()
    const client = open.session(pem())
    if (isGood) {
      expect((await client.send()).body).toMatch(/^2\.0 (worker-7|localhost)$/)
      expect([open.server.uncertified, open.refused]).toEqual([0, []])
      return
    }
    await until(() => client.session.destroyed && open.server.uncertified > 0, 'a refusal')
    expect([open.server.uncertified, open.refused]).toEqual([1, [0]])
  })

  test.each(WHO)('HTTP/1: %s: %3$s', async (_, pem, isGood) => {
    open = await openMutual()
    const text = await getBy(tlsTo(open.port, pem()))
    if (isGood) expect(text).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*\r\n\r\n1\.1 (worker-7|localhost)$/)
    else expect(text).toBe('')
    await until(() => open.server.uncertified === (isGood ? 0 : 1), 'a refusal')
    expect(open.refused).toEqual(isGood ? [] : [0])
  })

  test('without it nobody is asked', async () => {
    open = await openSecure((request, response) => {
      response.end(JSON.stringify((request.socket as TLSSocket).getPeerCertificate()))
    })
    expect((await open.session(pemOf(FILES.client)).send()).body).toBe('{}')
  })

  test('a new file counts for new connections, also for those that resume what an old one began', async () => {
    const used = `${FILES.ca.certFile}.used`
    copyFileSync(FILES.ca.certFile, used)
    open = await openSecure((_, response) => response.end('in'), {}, { clientCaFile: used })
    const kept = open.session(pemOf(FILES.client))
    expect((await kept.send()).body).toBe('in')
    let session: Buffer | undefined
    const first = tlsTo(open.port, pemOf(FILES.client)).on('session', (some) => {
      session = some
    })
    expect(await getBy(first)).toMatch(/in$/)
    expect(session).toBeDefined()
    const again = tlsTo(open.port, { ...pemOf(FILES.client), session })
    expect(await getBy(again)).toMatch(/in$/)
    // It is looked at once a second.
    copyFileSync(FILES.otherCa.certFile, used)
    let stranger = ''
    const untilMs = performance.now() + 10_000
    while (stranger === '' && performance.now() < untilMs)
      stranger = await getBy(tlsTo(open.port, pemOf(FILES.stranger)))
    expect(stranger).toMatch(/in$/)
    expect(await getBy(tlsTo(open.port, { ...pemOf(FILES.client), session }))).toBe('')
    expect(await getBy(tlsTo(open.port, pemOf(FILES.client)))).toBe('')
    // Who is in stays in.
    expect((await kept.send()).body).toBe('in')
    expect(open.logs.map(({ message }) => message)).toContain(
      'the TLS files have changed, and were read again',
    )
  })
})

/** Asks by HTTP/1 and gives all that came, when the connection has ended. */
async function getBy(socket: TLSSocket): Promise<string> {
  let text = ''
  socket.on('data', (some) => {
    text += some
  })
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  await until(() => socket.destroyed, 'the end')
  return text
}
