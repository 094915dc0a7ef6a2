// A certificate of one's own for 127.0.0.1, by openssl, or one that such a one has signed. Where there is no openssl, tests that need
// it are skipped.

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'

type Files = { certFile: string; keyFile: string }

/** Writes both files. False where there is no openssl. */
export function makeCertificate({ certFile, keyFile }: Files, days = 2): boolean {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', String(days)]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
  return openssl(['req', '-x509', ...key, ...names, '-keyout', keyFile, '-out', certFile])
}

/** Writes both files, for a client of that name. False where there is no openssl. */
export function makeClientCertificate({ certFile, keyFile }: Files, by: Files, name: string): boolean {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const asked = `${certFile}.csr`
  const extensions = `${certFile}.ext`
  writeFileSync(extensions, 'basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n')
  const signer = ['-CA', by.certFile, '-CAkey', by.keyFile, '-CAcreateserial', '-extfile', extensions]
  return (
    openssl(['req', '-new', ...key, '-subj', `/CN=${name}`, '-keyout', keyFile, '-out', asked]) &&
    openssl(['x509', '-req', '-in', asked, '-days', '2', ...signer, '-out', certFile])
  )
}

function openssl(args: readonly string[]): boolean {
  try {
    execFileSync('openssl', args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
