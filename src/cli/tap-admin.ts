// The options of each verb that asks the admin port of a running topology, and the client that they make.

import { type AdminClient, createAdminClient } from './admin-client.js'
import type { Io } from './io.js'
import { type OptionSpec, type OptionValues, UsageError } from './verb.js'

export const ADMIN_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  admin: {
    type: 'string',
    value: 'port|url',
    help: 'The admin port of the running topology: 9090, host:9090 or http://host:9090.',
  },
  'token-env': {
    type: 'string',
    value: 'name',
    help: 'The environment variable that holds its token, if it wants one.',
  },
}

/** Reads them. Throws UsageError. */
export function adminClientOf(options: OptionValues, io: Io): AdminClient {
  return createAdminClient(urlOf(options.admin), tokenOf(options['token-env'], io))
}

function urlOf(given: string | boolean | undefined): URL {
  const text = String(given ?? '')
  if (text === '') throw new UsageError('--admin is missing: the admin port of the running topology')
  const full = /^\d+$/.test(text)
    ? `http://127.0.0.1:${text}`
    : /^https?:\/\//i.test(text)
      ? text
      : `http://${text}`
  const url = URL.canParse(full) ? new URL(full) : undefined
  const isPlain = url !== undefined && url.pathname === '/' && url.search + url.hash + url.username === ''
  if (isPlain && url.port !== '0') return url
  throw new UsageError(
    `--admin: got ${JSON.stringify(text)}, wanted a port, host:port, or a URL such as http://127.0.0.1:9090`,
  )
}

function tokenOf(name: string | boolean | undefined, io: Io): string | undefined {
  if (name === undefined) return undefined
  const token = io.env[String(name)]?.trim()
  if (token !== undefined && /^[\x21-\x7e]+$/.test(token)) return token
  const what = token === undefined ? 'is not set' : 'holds no token'
  throw new UsageError(`--token-env: the environment variable ${JSON.stringify(name)} ${what}`)
}
