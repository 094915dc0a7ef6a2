// The certificate: that it warns in time, and that new files are read without a restart.

import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { Certificate } from '../../../src/http/certificate.js'
import { createLog, type LogRecord } from '../../../src/kernel/log.js'
import { makeCertificate } from '../../support/certificate.js'

const DAY_MS = 86_400_000
const directory = mkdtempSync(join(tmpdir(), 'millrace-certificate-'))
const filesOf = (name: string) => ({
  certFile: join(directory, `${name}.pem`),
  keyFile: join(directory, `${name}.key`),
})
const made = filesOf('made')
const other = filesOf('other')
const files = filesOf('used')
// A text's hour is one zone's: what is asked below is right to the day.
const madeMs = Date.now()
const hasOpenssl = makeCertificate(made, 30) && makeCertificate(other, 60)
afterAll(() => rmSync(directory, { recursive: true }))

let logs: LogRecord[]
let nowMs = 0
let wallMs = madeMs
const log = createLog((record) => logs.push(record), 'http', 'test')
const open = () => new Certificate('http', files, log, { now: () => nowMs }, () => wallMs)
const said = () => logs.map(({ level, message }) => `${level} ${message}`)
const use = ({ certFile, keyFile }: typeof files) => {
  copyFileSync(certFile, files.certFile)
  copyFileSync(keyFile, files.keyFile)
}
const later = () => {
  nowMs += 1_001
}

beforeEach(() => {
  logs = []
  wallMs = madeMs + 60_000
  if (hasOpenssl) use(made)
})

describe.skipIf(!hasOpenssl)('at the start', () => {
  const name = `the TLS certificate ${files.certFile}`
  test.each([
    ['with 30 days left says nothing', 0, []],
    ['with 15 days left says nothing', 15, []],
    ['with less than 14 days left warns', 17, [`warn ${name} expires in 12 days: it is valid until `]],
    ['with a day left warns', 28.5, [`warn ${name} expires in 1 day: it is valid until `]],
    ['with hours left warns', 29.5, [`warn ${name} expires in less than a day: it is valid until `]],
    ['expired warns', 31, [`warn ${name} has expired: it was valid until `]],
    ['not valid yet warns', -1, [`warn ${name} is not valid before `]],
  ])('one %s, once', (_, days, beginnings) => {
    wallMs += days * DAY_MS
    const certificate = open()
    for (let i = 0; i < 3; i++) {
      later()
      expect(certificate.look()).toBe(false)
    }
    expect(said().map((line) => line.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z$/, ''))).toEqual(beginnings)
  })

  test('one that is for another key is ERR_OPEN', () => {
    copyFileSync(other.keyFile, files.keyFile)
    expect(open).toThrow(
      expect.objectContaining({
        code: 'ERR_OPEN',
        message: expect.stringContaining(`${files.certFile} and ${files.keyFile} cannot be used`),
      }),
    )
  })

  test('files that are too large are ERR_OPEN', () => {
    writeFileSync(files.keyFile, Buffer.alloc(1_048_577))
    expect(open).toThrow(/tls\.keyFile: .* cannot be read: it has 1,048,577 bytes, wanted at most 1,048,576/)
  })
})

describe.skipIf(!hasOpenssl)('the file of who signs clients', () => {
  const clientCaFile = join(directory, 'ca.pem')
  const openMutual = () => new Certificate('http', { ...files, clientCaFile }, log, { now: () => nowMs })
  const pem = () => readFileSync(other.certFile, 'utf8')

  test('is read with the others, and again when it has changed', () => {
    writeFileSync(clientCaFile, pem())
    const certificate = openMutual()
    expect(String(certificate.pem.ca)).toBe(pem())
    const two = `some words\n${pem()}more\n${readFileSync(made.certFile)}`
    writeFileSync(clientCaFile, two)
    later()
    expect([certificate.look(), String(certificate.pem.ca)]).toEqual([true, two])
    rmSync(clientCaFile)
    later()
    expect([certificate.look(), String(certificate.pem.ca)]).toEqual([false, two])
    expect(said().at(-1)).toMatch(/^warn the TLS certificate stays as it was: .*clientCaFile: .*ENOENT/)
  })

  test.each([
    ['without a certificate', () => 'nothing', /holds no certificate/],
    ['with a key', () => readFileSync(other.keyFile, 'utf8'), /holds no certificate/],
    ['with one that is cut', () => pem().replace(/\n[^\n]+\n-----END/, '\n-----END'), /cannot be read/],
    ['with a good one and a bad one', () => pem() + pem().replace(/MII/, 'AAA'), /cannot be read/],
  ])('%s is ERR_OPEN', (_, text, why) => {
    writeFileSync(clientCaFile, text())
    const message = expect.stringMatching(/^http: tls\.clientCaFile: .*ca\.pem cannot be read: /)
    expect(openMutual).toThrow(expect.objectContaining({ code: 'ERR_OPEN', message }))
    expect(openMutual).toThrow(why)
  })
})

describe.skipIf(!hasOpenssl)('later', () => {
  test('it warns when the end comes near, and when it is there', () => {
    const certificate = open()
    for (const days of [10, 17, 18, 31, 32]) {
      wallMs = madeMs + days * DAY_MS
      later()
      certificate.look()
    }
    expect(said()).toEqual([expect.stringContaining('expires in'), expect.stringContaining('has expired')])
  })

  test('new files are read, at most once a second', () => {
    const certificate = open()
    use(other)
    expect(certificate.look()).toBe(false)
    later()
    expect([certificate.look(), certificate.look()]).toEqual([true, false])
    expect(certificate.pem.cert).toEqual(readFileSync(other.certFile))
    expect(certificate.pem.key).toEqual(readFileSync(other.keyFile))
    expect(said()).toEqual(['info the TLS files have changed, and were read again'])
    later()
    expect(certificate.look()).toBe(false)
  })

  test('new files by a link that leads elsewhere, as a mounted secret has it', () => {
    const link = (to: typeof files) => {
      for (const name of ['certFile', 'keyFile'] as const) {
        symlinkSync(to[name], `${files[name]}.next`)
        renameSync(`${files[name]}.next`, files[name])
      }
    }
    link(made)
    const certificate = open()
    link(other)
    later()
    expect(certificate.look()).toBe(true)
    rmSync(files.certFile)
    rmSync(files.keyFile)
  })

  test.each([
    ['ends soon', 50, 'expires in'],
    ['has expired, too,', 70, 'has expired'],
  ])('a new certificate that %s is told of', (_, days, what) => {
    wallMs = madeMs + days * DAY_MS
    const certificate = open()
    use(other)
    later()
    certificate.look()
    expect(said()).toEqual([
      expect.stringContaining('has expired'),
      expect.stringContaining('were read again'),
      expect.stringContaining(what),
    ])
  })

  test.each([
    ['no PEM', () => writeFileSync(files.certFile, 'nothing'), /cannot be used/],
    [
      'half of it',
      () => writeFileSync(files.certFile, readFileSync(other.certFile).subarray(0, 200)),
      /cannot be used/,
    ],
    ['for another key', () => copyFileSync(other.certFile, files.certFile), /cannot be used/],
    ['gone', () => rmSync(files.keyFile), /tls\.keyFile: .* cannot be read: ENOENT/],
    [
      'too large',
      () => writeFileSync(files.keyFile, Buffer.alloc(1_048_577)),
      /tls\.keyFile: .* cannot be read/,
    ],
  ])('a file that is %s leaves all as it was, with one warning, until it is good again', (_, spoil, why) => {
    const certificate = open()
    const { pem } = certificate
    spoil()
    for (let i = 0; i < 3; i++) {
      later()
      expect(certificate.look()).toBe(false)
    }
    expect(certificate.pem).toBe(pem)
    expect(said()).toEqual([expect.stringMatching(/^warn the TLS certificate stays as it was: http: tls/)])
    expect(said()[0]).toMatch(why)
    expect(said()[0]).not.toContain('BEGIN')
    use(other)
    later()
    expect(certificate.look()).toBe(true)
    expect(certificate.pem.cert).toEqual(readFileSync(other.certFile))
  })
})
