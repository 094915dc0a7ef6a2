// The options of the source `http`, checked and with their defaults.

import type { TlsFiles } from '../../http/certificate.js'
import { HTTP_LIMITS, type HttpLimits } from '../../http/http-limits.js'
import { checkInteger, checkNames, unusable, wholeNumber } from '../../kernel/options.js'
import type { HttpOptions } from '../http.js'

export type HttpSettings = {
  port: number
  host: string
  path: string
  inFlight: number
  timeoutMs: number
  auth: { tokenEnv?: string; tokenFile?: string } | undefined
  tls: TlsFiles | undefined
  limits: HttpLimits
  /** Undefined: limits.messageBytes. */
  bodyBytes: number | undefined
}

const NAMES = ['port', 'host', 'path', 'inFlight', 'timeoutMs', 'auth', 'tls', 'limits']
const EXAMPLE = '{ port: 8080 }'
const DAY_MS = 86_400_000
/** Beyond the answer's time, a connection that neither reads nor writes is ended. */
const IDLE_MS = 30_000
const WANTED_PATH = "a path such as '/orders': a slash, then visible ASCII without ? and #"

/** The range of each limit. Headers of a message may have 128 KiB: with 32 KiB here they never have more. */
const LIMITS: Record<Exclude<keyof HttpLimits, 'idleMs'> | 'bodyBytes', readonly [number, number]> = {
  bodyBytes: [0, 67_108_864],
  headerBytes: [1_024, 32_768],
  connections: [1, 1_000_000],
  headersTimeoutMs: [100, DAY_MS],
  requestTimeoutMs: [100, DAY_MS],
  keepAliveMs: [1, DAY_MS],
}

/** Throws ERR_CONFIG for unusable options. */
export function settingsOf(options: HttpOptions): HttpSettings {
  checkNames('http', options, NAMES, EXAMPLE)
  const { port, host = '127.0.0.1', path = '/', inFlight = 1_024, timeoutMs = 30_000, auth, tls } = options
  if (port === undefined) throw unusable('http: port', port, `${wholeNumber(0, 65_535)}, as in ${EXAMPLE}`)
  checkInteger('http: port', port, 0, 65_535)
  if (!isText(host)) throw unusable('http: host', host, "an address or a host's name, such as '0.0.0.0'")
  if (typeof path !== 'string' || !/^\/[!"$->@-~]*$/.test(path))
    throw unusable('http: path', path, WANTED_PATH)
  checkInteger('http: inFlight', inFlight, 1, 1_048_576)
  checkInteger('http: timeoutMs', timeoutMs, 10, DAY_MS)
  if (auth !== undefined) checkAuth(auth)
  if (tls !== undefined) checkTls(tls)
  const { bodyBytes, ...limits } = checkLimits(options.limits)
  return {
    port,
    host,
    path,
    inFlight,
    timeoutMs,
    auth,
    tls,
    limits: { ...HTTP_LIMITS, ...limits, idleMs: timeoutMs + IDLE_MS },
    bodyBytes,
  }
}

function checkAuth(auth: unknown): void {
  const names = ['tokenEnv', 'tokenFile']
  checkNames('http: auth', auth, names, "{ tokenEnv: 'HTTP_TOKEN' }")
  const given = Object.entries(auth as object).filter(([, value]) => value !== undefined)
  if (given.length !== 1) throw unusable('http: auth', auth, 'tokenEnv or tokenFile, one of the two')
  const [[name, value]] = given
  if (isText(value)) return
  const wanted = name === 'tokenEnv' ? 'the name of an environment variable' : 'the path of a file'
  throw unusable(`http: auth.${name}`, value, wanted)
}

function checkTls(tls: TlsFiles): void {
  checkNames('http: tls', tls, ['certFile', 'keyFile'], "{ certFile: 'cert.pem', keyFile: 'key.pem' }")
  for (const name of ['certFile', 'keyFile'] as const) {
    if (!isText(tls[name])) throw unusable(`http: tls.${name}`, tls[name], 'the path of a PEM file')
  }
}

function checkLimits(limits: HttpOptions['limits'] = {}): NonNullable<HttpOptions['limits']> {
  checkNames('http: limits', limits, Object.keys(LIMITS), '{ bodyBytes: 65536 }')
  const given = Object.entries(limits).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) {
    checkInteger(`http: limits.${name}`, value, ...LIMITS[name as keyof typeof LIMITS])
  }
  return Object.fromEntries(given)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}
