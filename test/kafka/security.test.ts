// TLS and each way to log in, right and wrong, with each driver. No error tells a secret.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { SaslOptions } from '../../src/kafka/connection.js'
import { createLog, type LogRecord } from '../../src/kernel/log.js'
import { KafkaSink } from '../../src/sinks/kafka/kafka-sink.js'
import { settingsOf as sinkSettings } from '../../src/sinks/kafka/settings.js'
import { KafkaSource } from '../../src/sources/kafka/kafka-source.js'
import { settingsOf as sourceSettings } from '../../src/sources/kafka/settings.js'
import { makeCertificate } from '../support/certificate.js'
import { TestAdmin } from './admin.js'
import type { Broker } from './broker/broker.js'
import { withCluster } from './cluster.js'
import { TESTED_DRIVERS } from './drivers.js'

const SECRET = 'a-secret-that-nobody-may-read'
const WRONG = 'another-secret-that-is-wrong'
const directory = mkdtempSync(join(tmpdir(), 'millrace-tls-'))
const files = { certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') }
const both = join(directory, 'both.pem')
const MODULE = 'org.apache.kafka.common.security'
const NAME = 'listener.name.sasl_ssl'

const hasCertificate = makeCertificate(files)
if (hasCertificate)
  writeFileSync(both, readFileSync(files.keyFile, 'utf8') + readFileSync(files.certFile, 'utf8'))
else console.error('\nNOT RUN: kafka security: openssl was not found\n')

const properties = {
  listeners: 'PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller},SASL_SSL://127.0.0.1:{extra}',
  'advertised.listeners': 'PLAINTEXT://127.0.0.1:{port},SASL_SSL://127.0.0.1:{extra}',
  'ssl.keystore.type': 'PEM',
  'ssl.keystore.location': both,
  'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
  [`${NAME}.plain.sasl.jaas.config`]: `${MODULE}.plain.PlainLoginModule required user_alice="${SECRET}";`,
  [`${NAME}.scram-sha-256.sasl.jaas.config`]: `${MODULE}.scram.ScramLoginModule required;`,
  [`${NAME}.scram-sha-512.sasl.jaas.config`]: `${MODULE}.scram.ScramLoginModule required;`,
  [`${NAME}.oauthbearer.sasl.jaas.config`]: `${MODULE}.oauthbearer.OAuthBearerLoginModule required;`,
}

const WAYS: [mechanism: string, right: () => SaslOptions, wrong: () => SaslOptions][] = [
  ...(['plain', 'scram-sha-256', 'scram-sha-512'] as const).map(
    (mechanism): [string, () => SaslOptions, () => SaslOptions] => [
      mechanism,
      () => ({ mechanism, username: 'alice', password: SECRET }),
      () => ({ mechanism, username: 'alice', password: WRONG }),
    ],
  ),
  [
    'oauthbearer',
    () => ({ mechanism: 'oauthbearer', token: async () => tokenOf(60) }),
    () => ({ mechanism: 'oauthbearer', token: () => tokenOf(-60) }),
  ],
]

if (hasCertificate)
  await withCluster(
    'kafka security',
    (cluster) => {
      let admin: TestAdmin
      let topic: string
      beforeAll(async () => {
        const broker = cluster.own as Broker
        admin = await TestAdmin.connect(broker.address)
        topic = await admin.topic()
        await admin.write(topic, [{ value: 'hello' }])
        for (const name of ['SCRAM-SHA-256', 'SCRAM-SHA-512']) {
          const user = ['--entity-type', 'users', '--entity-name', 'alice']
          const added = ['--alter', '--add-config', `${name}=[password=${SECRET}]`, ...user]
          await broker.tool('kafka.admin.ConfigCommand', ['--bootstrap-server', broker.address, ...added])
        }
      }, 60_000)
      afterAll(async () => {
        await admin.close()
        rmSync(directory, { recursive: true, force: true })
      })

      for (const { name, load } of TESTED_DRIVERS) {
        describe.concurrent.each(WAYS)(`${name}, %s`, (_, right, wrong) => {
          const said: LogRecord[] = []
          const log = createLog((record) => said.push(record), 'kafka', 'test')

          async function source(sasl: SaslOptions, ca?: string): Promise<KafkaSource> {
            const tls = ca === undefined ? true : { ca }
            const brokers = (cluster.own as Broker).extraAddress
            const settings = sourceSettings({
              brokers,
              topics: topic,
              groupId: `g-${Math.random()}`,
              tls,
              sasl,
            })
            const { signal } = new AbortController()
            return new KafkaSource(settings, await load(), { log, messageBytesMax: 1_000, signal })
          }

          async function sink(sasl: SaslOptions): Promise<KafkaSink> {
            const brokers = (cluster.own as Broker).extraAddress
            const tls = { ca: readFileSync(files.certFile, 'utf8') }
            return new KafkaSink(sinkSettings({ brokers, topic, tls, sasl }), await load(), {
              log,
              role: 'sink',
            })
          }

          test('lets in who has the right', async ({ expect }) => {
            const reader = await source(right(), readFileSync(files.certFile, 'utf8'))
            await reader.open()
            const [record] = (await reader.read(10)) ?? []
            expect(String(record.value)).toBe('hello')
            await reader.close()
            const writer = await sink(right())
            await writer.open()
            await writer.close()
          })

          test('says that who has the wrong one is denied, and tells no secret', async ({ expect }) => {
            const reader = await source(wrong(), readFileSync(files.certFile, 'utf8'))
            const writer = await sink(wrong())
            for (const end of [reader, writer]) {
              const error = await end.open().then(
                () => ({ code: 'none', message: '' }),
                (thrown) => thrown,
              )
              expect(`${error.code} ${error.message}`).toMatch(/^ERR_OPEN kafka: .*check `sasl`/)
              for (const secret of [SECRET, WRONG])
                expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(secret)
            }
            const all = JSON.stringify(said)
            for (const secret of [SECRET, WRONG]) expect(all).not.toContain(secret)
          })
        })
      }
    },
    { own: true, properties },
  )

/** An unsecured token, as the broker takes it in tests. */
function tokenOf(validS: number): string {
  const nowS = Math.floor(Date.now() / 1_000)
  const part = (content: object) => Buffer.from(JSON.stringify(content)).toString('base64url')
  return `${part({ alg: 'none' })}.${part({ sub: 'alice', iat: nowS - 120, exp: nowS + validS })}.`
}
