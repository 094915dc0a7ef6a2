// Where the admin port is, and who may ask it: from the topology, and over it, field by field, from whoever starts it.

import { MillraceError } from '../kernel/failure.js'
import { checkInteger, checkNames, unusable, wholeNumber } from '../kernel/options.js'

export type AdminOptions = {
  /** 0: any that is free; the log says which. */
  port: number
  /** The address to listen on. Default 127.0.0.1: this machine only. Any other one than this machine's own needs a token. */
  host?: string | undefined
  /** Name of the environment variable that holds the token. */
  tokenEnv?: string | undefined
  /** Path of the file that holds the token; read again when it has changed. */
  tokenFile?: string | undefined
}

/** All that can be asked for. */
const ADMIN_FIELDS = ['port', 'host', 'tokenEnv', 'tokenFile'] as const

const HOST_DEFAULT = '127.0.0.1'
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/i

/** Merges what the topology says with what is said at the start; undefined where nobody asks for a port. Throws ERR_CONFIG. */
export function adminOptionsOf(
  topology: Partial<AdminOptions> | undefined,
  given: Partial<AdminOptions> | undefined,
): (AdminOptions & { host: string }) | undefined {
  if (topology === undefined && given === undefined) return undefined
  if (given !== undefined) checkNames('admin', given, ADMIN_FIELDS, '{ port: 9090 }')
  const merged = { ...topology, ...withoutNothing(given) }
  const { port, host = HOST_DEFAULT, tokenEnv, tokenFile } = merged
  if (port === undefined) throw unusable('admin.port', port, wholeNumber(0, 65_535))
  checkInteger('admin.port', port, 0, 65_535)
  for (const [name, value] of Object.entries({ host, tokenEnv, tokenFile }))
    if (value !== undefined && (typeof value !== 'string' || value === ''))
      throw unusable(`admin.${name}`, value, 'a text')
  if (tokenEnv !== undefined && tokenFile !== undefined)
    throw new MillraceError('ERR_CONFIG', 'admin: got both tokenEnv and tokenFile, wanted one of them')
  if (!isLoopback(host) && tokenEnv === undefined && tokenFile === undefined)
    throw unusable('admin.host', host, WANTED_TOKEN)
  return { port, host, tokenEnv, tokenFile }
}

/** Tells whether an address is only this machine's. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host)
}

const WANTED_TOKEN =
  'tokenEnv or tokenFile beside it, as others than this machine can reach it (the probes never need the token), or 127.0.0.1'

function withoutNothing(given: Partial<AdminOptions> | undefined): Partial<AdminOptions> {
  return Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => value !== undefined))
}
