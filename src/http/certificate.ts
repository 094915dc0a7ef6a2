// The certificate of a server and its key, and whose clients it takes: PEM files, which are read again when they have changed. It
// warns where the certificate is not valid, or will soon not be. The key is never logged.

import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { type Clock, systemClock, wallClockMs } from '../kernel/clock.js'
import { countText } from '../kernel/count-text.js'
import { MillraceError, messageOf } from '../kernel/failure.js'
import type { Log } from '../kernel/log.js'
import { fileVersion } from './file-version.js'

export type TlsFiles = {
  certFile: string
  keyFile: string
  /** Who signs the certificates of clients; with it, only clients that have one get in. */
  clientCaFile?: string | undefined
}
export type Pem = { cert: Buffer; key: Buffer; ca?: Buffer }
type Validity = 'valid' | 'early' | 'soon' | 'over'

/** How often the files are looked at, at most. */
const LOOK_MS = 1_000
const FILE_BYTES_MAX = 1_048_576
const DAY_MS = 86_400_000
const SOON_DAYS = 14

export class Certificate {
  /** What is in the files. */
  pem: Pem
  private readonly name: string
  private readonly files: TlsFiles
  private readonly log: Log
  private readonly clock: Clock
  private readonly wallMs: () => number
  private version = ''
  private lookedMs: number
  private isUnusable = false
  private fromMs = 0
  private toMs = 0
  private told: Validity = 'valid'

  /** Reads the files. Throws ERR_OPEN where they cannot be used; `name` says whose they are. */
  constructor(name: string, files: TlsFiles, log: Log, clock: Clock = systemClock, wallMs = wallClockMs) {
    this.name = name
    this.files = files
    this.log = log
    this.clock = clock
    this.wallMs = wallMs
    this.lookedMs = clock.now()
    this.pem = this.read()
    this.tell()
  }

  /** Reads the files again where they have changed: then true. Those that cannot be used leave everything as it was. */
  look(): boolean {
    const nowMs = this.clock.now()
    if (nowMs - this.lookedMs < LOOK_MS) return false
    this.lookedMs = nowMs
    const hasChanged = this.readAgain()
    this.tell()
    return hasChanged
  }

  private readAgain(): boolean {
    try {
      if (this.versionNow() === this.version) return false
      this.pem = this.read()
    } catch (error) {
      if (!this.isUnusable) this.log.warn(`the TLS certificate stays as it was: ${messageOf(error)}`)
      this.isUnusable = true
      return false
    }
    this.isUnusable = false
    this.told = 'valid'
    this.log.info('the TLS files have changed, and were read again')
    return true
  }

  private versionNow(): string {
    const names = ['certFile', 'keyFile', 'clientCaFile'] as const
    return names
      .map((name) => {
        const path = this.files[name]
        return path === undefined ? '' : this.of(name, path, fileVersion)
      })
      .join(' ')
  }

  private read(): Pem {
    const { certFile, keyFile, clientCaFile } = this.files
    const version = this.versionNow()
    const pem: Pem = {
      cert: this.of('certFile', certFile, bytesOf),
      key: this.of('keyFile', keyFile, bytesOf),
    }
    if (clientCaFile !== undefined) pem.ca = this.of('clientCaFile', clientCaFile, authoritiesIn)
    try {
      // Nothing is kept of it: it tells whether the two belong together.
      createSecureContext(pem)
      const { validFrom, validTo } = new X509Certificate(pem.cert)
      this.fromMs = Date.parse(validFrom)
      this.toMs = Date.parse(validTo)
    } catch (cause) {
      const what = `${this.name}: tls: ${certFile} and ${keyFile} cannot be used: ${messageOf(cause)}`
      throw new MillraceError('ERR_OPEN', what, { cause })
    }
    // Only now: what could not be read or used is looked at again.
    this.version = version
    return pem
  }

  private of<T>(option: keyof TlsFiles, path: string, from: (path: string, bytesMax: number) => T): T {
    try {
      return from(path, FILE_BYTES_MAX)
    } catch (cause) {
      const what = `${this.name}: tls.${option}: ${path} cannot be read: ${messageOf(cause)}`
      throw new MillraceError('ERR_OPEN', what, { cause })
    }
  }

  /** Warns once of each state that needs somebody. */
  private tell(): void {
    const leftMs = this.toMs - this.wallMs()
    const validity = this.validity(leftMs)
    if (validity === this.told) return
    this.told = validity
    const whose = `the TLS certificate ${this.files.certFile}`
    if (validity === 'over') this.log.warn(`${whose} has expired: it was valid until ${timeText(this.toMs)}`)
    if (validity === 'early') this.log.warn(`${whose} is not valid before ${timeText(this.fromMs)}`)
    if (validity !== 'soon') return
    const days = Math.floor(leftMs / DAY_MS)
    const left = days < 1 ? 'less than a day' : `${countText(days)} ${days === 1 ? 'day' : 'days'}`
    this.log.warn(`${whose} expires in ${left}: it is valid until ${timeText(this.toMs)}`)
  }

  private validity(leftMs: number): Validity {
    if (leftMs < 0) return 'over'
    if (this.wallMs() < this.fromMs) return 'early'
    return leftMs < SOON_DAYS * DAY_MS ? 'soon' : 'valid'
  }
}

const bytesOf = (path: string): Buffer => readFileSync(path)

/** Throws where a block is no certificate, or there is none: TLS would leave it out, say nothing, and refuse its clients. */
function authoritiesIn(path: string): Buffer {
  const bytes = readFileSync(path)
  const blocks = bytes.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g)
  if (blocks === null) throw new Error('it holds no certificate')
  for (const block of blocks) new X509Certificate(block)
  return bytes
}

function timeText(ms: number): string {
  return new Date(ms).toISOString()
}
