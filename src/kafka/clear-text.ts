// Says where a secret is sent as it is: it may be meant so, in a network of one's own.

import type { ConnectionOptions } from './connection.js'

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\]):\d+$/i

/** Gives what to warn of, if anything. */
export function clearTextWarning({ brokers, tls, sasl }: ConnectionOptions): string | undefined {
  if (sasl === undefined || tls === true || typeof tls === 'object') return undefined
  const far = brokers.find((broker) => !LOOPBACK.test(broker))
  const secret = { plain: 'password', oauthbearer: 'token' }[sasl.mechanism as string]
  if (far === undefined || secret === undefined) return undefined
  const remedy = secret === 'password' ? 'set `tls`, or let its mechanism be scram-sha-512' : 'set `tls`'
  return `kafka: sasl: ${sasl.mechanism} without tls: the ${secret} goes to ${far} as it is, for all to read on the way: ${remedy}`
}
