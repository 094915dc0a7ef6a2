// Where the brokers are, and how to get in: the options that the source and the sink share. Checked before anything is opened.

import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { checkInteger, checkNames, unusable } from '../kernel/options.js'

export const DRIVER_NAMES = ['kafkajs', 'platformatic'] as const
export type DriverName = (typeof DRIVER_NAMES)[number]

export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Codec = (typeof CODECS)[number]

export type SaslOptions =
  | {
      mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
      username: string
      password: string
    }
  | {
      mechanism: 'oauthbearer'
      /** Gives a token; called for each connection. */
      token: () => string | Promise<string>
    }

export type ConnectionOptions = {
  /** `host:port`, or a list of them: some of the cluster's brokers. */
  brokers: readonly string[]
  clientId: string
  /** True, or what node:tls takes (`ca`, `cert`, `key`, `servername`…). */
  tls?: boolean | TlsOptions | undefined
  sasl?: SaslOptions | undefined
  connectTimeoutMs: number
}

/** What a user gives of it. */
export type ConnectionSettings = {
  brokers: string | readonly string[]
  clientId?: string
  tls?: boolean | TlsOptions
  sasl?: SaslOptions
  connectTimeoutMs?: number
  /** Which client; `MILLRACE_KAFKA`, `MILLRACE_KAFKA_SOURCE` and `MILLRACE_KAFKA_SINK` override it. */
  driver?: DriverName
}

export const CONNECTION_NAMES = ['brokers', 'clientId', 'tls', 'sasl', 'connectTimeoutMs', 'driver'] as const

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer']
const BROKER = /^(\[[0-9a-fA-F:]+\]|[^\s:/,]+):\d{1,5}$/
const NAME = /^\S+$/

/** Gives the connection that the options mean. Throws ERR_CONFIG, which never shows a secret. */
export function connectionOf(where: string, settings: ConnectionSettings): ConnectionOptions {
  const { clientId = 'millrace', tls, sasl, connectTimeoutMs = 10_000, driver } = settings
  if (typeof clientId !== 'string' || !NAME.test(clientId))
    throw unusable(`${where}: clientId`, clientId, 'a name without blanks')
  const isTls = typeof tls === 'boolean' || (typeof tls === 'object' && tls !== null && !Array.isArray(tls))
  if (tls !== undefined && !isTls) {
    const got = Array.isArray(tls) ? 'a list' : `a value of type ${typeof tls}`
    throw unusable(`${where}: tls`, got, 'true, or options of node:tls')
  }
  checkInteger(`${where}: connectTimeoutMs`, connectTimeoutMs, 100, 600_000)
  if (driver !== undefined && !DRIVER_NAMES.includes(driver))
    throw unusable(`${where}: driver`, driver, `one of ${DRIVER_NAMES.join(', ')}`)
  return {
    brokers: brokersOf(where, settings.brokers),
    clientId,
    tls,
    sasl: sasl === undefined ? undefined : checkSasl(`${where}: sasl`, sasl),
    connectTimeoutMs,
  }
}

export function checkCodecName(where: string, codec: unknown): Codec {
  if (codec === undefined) return 'none'
  if (!CODECS.includes(codec as Codec)) throw unusable(where, codec, `one of ${CODECS.join(', ')}`)
  return codec as Codec
}

/** Throws ERR_CONFIG unless it could be the name of a topic. */
export function checkTopic(where: string, topic: unknown): string {
  if (typeof topic !== 'string' || !/^[\w.-]{1,249}$/.test(topic) || topic === '.' || topic === '..')
    throw unusable(where, topic, 'a topic: letters, digits, `.`, `_` and `-`, at most 249')
  return topic
}

function brokersOf(where: string, brokers: unknown): string[] {
  const list = typeof brokers === 'string' ? brokers.split(',').map((each) => each.trim()) : brokers
  if (!Array.isArray(list) || list.length === 0 || !list.every(isBroker))
    throw unusable(`${where}: brokers`, brokers, "'host:port', or a list of them")
  return list.slice()
}

function isBroker(broker: unknown): boolean {
  const port = typeof broker === 'string' && BROKER.test(broker) ? Number(broker.split(':').at(-1)) : 0
  return port >= 1 && port <= 65_535
}

/** Names only what is wrong, and never what was given: it may be a secret in the wrong place. */
function checkSasl(where: string, sasl: SaslOptions): SaslOptions {
  if (typeof sasl !== 'object' || sasl === null) throw unusable(where, typeof sasl, '{ mechanism, … }')
  const { mechanism } = sasl
  if (!MECHANISMS.includes(mechanism))
    throw unusable(`${where}.mechanism`, mechanism, `one of ${MECHANISMS.join(', ')}`)
  const names = mechanism === 'oauthbearer' ? ['mechanism', 'token'] : ['mechanism', 'username', 'password']
  checkNames(where, sasl, names, '{ mechanism }')
  if (mechanism === 'oauthbearer') {
    if (typeof sasl.token !== 'function') throw unusable(`${where}.token`, typeof sasl.token, 'a function')
    return sasl
  }
  for (const name of ['username', 'password'] as const) {
    if (typeof sasl[name] !== 'string' || sasl[name] === '')
      throw unusable(`${where}.${name}`, `a value of type ${typeof sasl[name]}`, 'a text that is not empty')
  }
  return sasl
}
