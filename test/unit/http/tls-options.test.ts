// The option `tls`: which files it names, and nothing else.

import { expect, test } from 'vitest'
import type { TlsFiles } from '../../../src/http/certificate.js'
import { checkTls } from '../../../src/http/tls-options.js'

const both = { certFile: 'cert.pem', keyFile: 'key.pem' }

test.each([[both], [{ ...both, clientCaFile: 'ca.pem' }], [{ ...both, clientCaFile: undefined }]])(
  '%j is good',
  (tls) => {
    expect(() => checkTls('http: tls', tls)).not.toThrow()
  },
)

test.each<[unknown, string]>([
  ['cert.pem', 'http: tls: got "cert.pem", wanted an object such as'],
  [{ certFile: 'cert.pem' }, 'http: tls.keyFile: got nothing, wanted the path of a PEM file'],
  [{ ...both, certFile: ' ' }, 'http: tls.certFile: got " ", wanted the path of a PEM file'],
  [{ ...both, clientCaFile: '' }, 'http: tls.clientCaFile: got "", wanted the path of a PEM file'],
  [{ ...both, clientCAFile: 'ca.pem' }, 'http: tls: unknown option clientCAFile; did you mean clientCaFile?'],
])('%j is not', (tls, message) => {
  expect(() => checkTls('http: tls', tls as TlsFiles)).toThrow(
    expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringContaining(message) }),
  )
})
