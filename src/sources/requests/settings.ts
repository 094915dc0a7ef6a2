// The options of a source of requests, checked and with their defaults.

import type { TlsFiles } from '../../http/certificate.js'
import { HTTP_LIMITS, type HttpLimits } from '../../http/http-limits.js'
import { canSharePort } from '../../http/share-port.js'
import { checkTls } from '../../http/tls-options.js'
import { checkInteger, checkNames, unusable, wholeNumber } from '../../kernel/options.js'
import type { Source } from '../source.js'

/** What every source of requests may be told. */
export type RequestOptions = {
  /** 0: any that is free; the log says which. */
  port: number
  /** The address to listen on. Default 127.0.0.1: this machine only. */
  host?: string
  /** Where it takes messages. */
  path?: string
  /** Requests that wait for their answer; more are answered 429. Default 1,024. */
  inFlight?: number
  /** On how many threads requests are taken, where this Node lets them share a port; else on one. 1 to 64, default 1. */
  threads?: number
  /** How long a request waits for its answer; then it is 504. Default 30,000. */
  timeoutMs?: number
  /** Requests must carry `Authorization: Bearer <token>`; the token is in an environment variable, or in a file. */
  auth?: { tokenEnv: string } | { tokenFile: string }
  /** PEM files; with them it is HTTPS. */
  tls?: TlsFiles
  limits?: Partial<Omit<HttpLimits, 'idleMs'>> & {
    /** The largest body. Default, and at most: limits.messageBytes. */
    bodyBytes?: number
  }
}

/** The same, checked and with its defaults. */
export type RequestSettings = {
  port: number
  host: string
  /** For the log: where it listens. */
  path: string
  inFlight: number
  /** As many as are wanted; the context of the source says how many there are. */
  threads: number
  /** The longest wait for an answer. */
  timeoutMs: number
  /** A turn of the clock by which waits are counted. */
  tickMs: number
  auth: { tokenEnv?: string; tokenFile?: string } | undefined
  tls: TlsFiles | undefined
  limits: HttpLimits
  /** Undefined: limits.messageBytes. */
  bodyBytes: number | undefined
}

/** The names of the options that all of them have. */
export const REQUEST_OPTIONS = [
  'port',
  'host',
  'path',
  'inFlight',
  'threads',
  'timeoutMs',
  'auth',
  'tls',
  'limits',
]
const THREADS_MAX = 64
const DAY_MS = 86_400_000
/** Beyond the answer's time, a connection that neither reads nor writes is ended. */
const IDLE_MS = 30_000
/** A request's time has about this many turns of the clock. */
const TICKS = 20
const TICK_MS_MAX = 250
const WANTED_PATH = "a path such as '/orders': a slash, then visible ASCII without ? and #"

/** The range of each limit. Headers of a message may have 128 KiB: with 32 KiB here they never have more. */
const LIMITS: Record<Exclude<keyof HttpLimits, 'idleMs'> | 'bodyBytes', readonly [number, number]> = {
  bodyBytes: [0, 67_108_864],
  headerBytes: [1_024, 32_768],
  connections: [1, 1_000_000],
  headersTimeoutMs: [100, DAY_MS],
  requestTimeoutMs: [100, DAY_MS],
  keepAliveMs: [1, DAY_MS],
  streams: [1, 10_000],
}

/** Throws ERR_CONFIG for unusable options; `name` is that of the source. */
export function settingsOf(name: string, options: RequestOptions, example: string): RequestSettings {
  const { port, host = '127.0.0.1', path = '/', inFlight = 1_024, threads = 1, auth, tls } = options
  const { timeoutMs = 30_000 } = options
  if (port === undefined) throw unusable(`${name}: port`, port, `${wholeNumber(0, 65_535)}, as in ${example}`)
  checkInteger(`${name}: port`, port, 0, 65_535)
  if (!isText(host)) throw unusable(`${name}: host`, host, "an address or a host's name, such as '0.0.0.0'")
  checkPath(`${name}: path`, path)
  checkInteger(`${name}: inFlight`, inFlight, 1, 1_048_576)
  checkInteger(`${name}: threads`, threads, 1, THREADS_MAX)
  checkInteger(`${name}: timeoutMs`, timeoutMs, 10, DAY_MS)
  if (auth !== undefined) checkAuth(`${name}: auth`, auth)
  if (tls !== undefined) checkTls(`${name}: tls`, tls)
  const { bodyBytes, ...limits } = checkLimits(`${name}: limits`, options.limits)
  return {
    port,
    host,
    path,
    inFlight,
    threads,
    timeoutMs,
    tickMs: Math.max(1, Math.min(TICK_MS_MAX, Math.round(timeoutMs / TICKS))),
    auth,
    tls,
    limits: { ...HTTP_LIMITS, ...limits, idleMs: timeoutMs + IDLE_MS },
    bodyBytes,
  }
}

/** Throws ERR_CONFIG for what is no path of a URL. */
export function checkPath(where: string, path: unknown): void {
  if (typeof path !== 'string' || !/^\/[!"$->@-~]*$/.test(path)) throw unusable(where, path, WANTED_PATH)
}

function checkAuth(where: string, auth: unknown): void {
  const names = ['tokenEnv', 'tokenFile']
  checkNames(where, auth, names, "{ tokenEnv: 'HTTP_TOKEN' }")
  const given = Object.entries(auth as object).filter(([, value]) => value !== undefined)
  if (given.length !== 1) throw unusable(where, auth, 'tokenEnv or tokenFile, one of the two')
  const [[name, value]] = given
  if (isText(value)) return
  const wanted = name === 'tokenEnv' ? 'the name of an environment variable' : 'the path of a file'
  throw unusable(`${where}.${name}`, value, wanted)
}

function checkLimits(
  where: string,
  limits: RequestOptions['limits'] = {},
): NonNullable<RequestOptions['limits']> {
  checkNames(where, limits, Object.keys(LIMITS), '{ bodyBytes: 65536 }')
  const given = Object.entries(limits).filter(([, value]) => value !== undefined)
  for (const [name, value] of given)
    checkInteger(`${where}.${name}`, value, ...LIMITS[name as keyof typeof LIMITS])
  return Object.fromEntries(given)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

/** Gives what the source says of its threads: they must share its port. */
export function threadsOf({ threads }: RequestSettings): Pick<Source, 'threads'> {
  return threads > 1 && canSharePort() ? { threads } : {}
}
