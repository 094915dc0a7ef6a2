// Looks whether the source could be opened, and changes nothing.

import { BearerToken } from '../../http/bearer-token.js'
import { createHttpServer } from '../../http/http-server.js'
import { probePort } from '../../http/probe-port.js'
import { createLog } from '../../kernel/log.js'
import type { HttpSettings } from './settings.js'

/** Rejects with ERR_CONFIG where there is no token, with ERR_OPEN where TLS files or port cannot be used. */
export async function checkHttp({ port, host, auth, tls }: HttpSettings): Promise<void> {
  const silent = createLog(() => {}, 'http', 'check')
  if (auth !== undefined) new BearerToken('http: auth', auth, silent)
  if (tls !== undefined)
    await createHttpServer({ name: 'http', handler: () => {}, tls: { files: tls, log: silent } })
  await probePort('http', { port, host })
}
