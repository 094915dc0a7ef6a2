// The connection as @platformatic/kafka wants it. Its own retries are off: they hold up what should know of a failure, and for
// commits they join the group again in between, and so write over what others have committed.

import { isIP } from 'node:net'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { ConnectionOptions } from '../connection.js'

export function clientOptions(connection: ConnectionOptions, requestTimeoutMs: number): object {
  const { brokers, clientId, tls, connectTimeoutMs } = connection
  return {
    clientId,
    bootstrapBrokers: brokers.slice(),
    connectTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    timeout: requestTimeoutMs,
    retries: 0,
    // Whoever wants it fresh says so: a commit must not have to wait for it.
    metadataMaxAge: Number.MAX_SAFE_INTEGER,
    autocreateTopics: false,
    ...(tls && { tls: tls === true ? {} : tls, tlsServerName: serverName(tls === true ? {} : tls, brokers) }),
    ...saslOf(connection),
  }
}

/** Without one none is sent, and a server of several names shows any of its certificates. An address is no name. */
function serverName({ servername }: TlsOptions, brokers: readonly string[]): string | boolean {
  return (
    servername ??
    !brokers.every((broker) => isIP(broker.slice(0, broker.lastIndexOf(':')).replace(/[[\]]/g, '')))
  )
}

function saslOf({ sasl }: ConnectionOptions): object {
  if (sasl === undefined) return {}
  const mechanism = sasl.mechanism.toUpperCase()
  if (sasl.mechanism === 'oauthbearer') return { sasl: { mechanism, token: sasl.token } }
  return { sasl: { mechanism, username: sasl.username, password: sasl.password } }
}
