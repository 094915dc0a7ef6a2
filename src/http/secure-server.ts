// An HTTPS server: its certificate follows the files, and a client says in the handshake whether it speaks HTTP/2. All else it has
// in common with a plain one.

import type { ServerOptions } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { Log } from '../kernel/log.js'
import { Certificate, type TlsFiles } from './certificate.js'

export type TlsSettings = { files: TlsFiles; log: Log }

/** Makes one that does not listen yet; `http2` takes its connections of HTTP/2. Throws ERR_OPEN where the files cannot be used. */
export function createSecureServer(
  name: string,
  { files, log }: TlsSettings,
  settings: ServerOptions & { handshakeTimeout: number },
  http2: { take(socket: TLSSocket): void },
): Server {
  const certificate = new Certificate(name, files, log)
  const isMutual = files.clientCaFile !== undefined
  const server = createServer({
    ...settings,
    ...certificate.pem,
    ALPNProtocols: ['h2', 'http/1.1'],
    requestCert: isMutual,
    rejectUnauthorized: isMutual,
  })
  // Before Node begins its handshake: that has the new certificate already.
  server.prependListener('connection', () => {
    if (certificate.look()) server.setSecureContext(certificate.pem)
  })
  // Node's own server for both knows none of our limits for HTTP/1. So each gets its own connections.
  const [http1] = server.listeners('secureConnection') as ((socket: TLSSocket) => void)[]
  server.off('secureConnection', http1)
  server.on('secureConnection', (socket) => {
    if (socket.alpnProtocol === 'h2') http2.take(socket)
    else http1.call(server, socket)
  })
  return server
}
