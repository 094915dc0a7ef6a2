// A certificate of one's own for 127.0.0.1, by openssl. Where there is none, tests that need it are skipped.

import { execFileSync } from 'node:child_process'

/** Writes both files. False where there is no openssl. */
export function makeCertificate(
  { certFile, keyFile }: { certFile: string; keyFile: string },
  days = 2,
): boolean {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', String(days)]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
  const args = ['req', '-x509', ...key, ...names, '-keyout', keyFile, '-out', certFile]
  try {
    execFileSync('openssl', args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
