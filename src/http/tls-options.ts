// The option `tls` of whoever has a server, checked.

import { checkNames, unusable } from '../kernel/options.js'
import type { TlsFiles } from './certificate.js'

const NAMES = ['certFile', 'keyFile', 'clientCaFile'] as const
const EXAMPLE = "{ certFile: 'cert.pem', keyFile: 'key.pem' }"

/** Throws ERR_CONFIG where it is unusable; `where` says whose it is, as in `http: tls`. Reads no file. */
export function checkTls(where: string, tls: TlsFiles): void {
  checkNames(where, tls, NAMES, EXAMPLE)
  for (const name of NAMES) {
    const path: unknown = tls[name]
    if (name === 'clientCaFile' && path === undefined) continue
    if (typeof path === 'string' && path.trim() !== '') continue
    throw unusable(`${where}.${name}`, path, 'the path of a PEM file')
  }
}
