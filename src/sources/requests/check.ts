// Looks whether the source could be opened, and changes nothing.

import { BearerToken } from '../../http/bearer-token.js'
import { createHttpServer } from '../../http/http-server.js'
import { probePort } from '../../http/probe-port.js'
import { createLog } from '../../kernel/log.js'
import type { RequestSettings } from './settings.js'

/** Rejects with ERR_CONFIG where there is no token, with ERR_OPEN where TLS files or port cannot be used. */
export async function checkHttp(name: string, { port, host, auth, tls }: RequestSettings): Promise<void> {
  const silent = createLog(() => {}, name, 'check')
  if (auth !== undefined) new BearerToken(`${name}: auth`, auth, silent)
  if (tls !== undefined) await createHttpServer({ name, handler: () => {}, tls: { files: tls, log: silent } })
  await probePort(name, { port, host })
}
