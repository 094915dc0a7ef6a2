// Why a server cannot listen, in one line that names the address.

import { MillraceError, messageOf } from '../kernel/failure.js'

const REASONS: Record<string, string> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'access is denied; ports below 1024 need a privilege',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'no such host is known',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
}

/** Makes ERR_OPEN of what listening failed with. */
export function listenError(
  name: string,
  address: { port: number; host: string },
  cause: Error,
): MillraceError {
  const { code = '' } = cause as { code?: string }
  const reason = code in REASONS ? `${REASONS[code]} (${code})` : messageOf(cause)
  return new MillraceError('ERR_OPEN', `${name}: cannot listen on ${addressText(address)}: ${reason}`, {
    cause,
  })
}

/** `127.0.0.1:8080`, `[::1]:8080`. */
export function addressText({ port, host }: { port: number; host: string }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
