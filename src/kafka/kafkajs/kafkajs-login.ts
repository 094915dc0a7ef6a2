// The logins of one kafkajs client, each with a deadline. kafkajs has none where a token does not come, nor with brokers that are
// logged in to by bare bytes; and where an answer does not come in time it says that the credentials are wrong.

import { createRequire } from 'node:module'
import kafkajs, { type Mechanism } from 'kafkajs'
import { within } from '../../kernel/deadline.js'
import type { ConnectionOptions, SaslOptions } from '../connection.js'
import type { KafkajsSockets } from './kafkajs-sockets.js'

type Provide = Mechanism['authenticationProvider']
type Thrown = { name?: string } | undefined

const FILES: Record<SaslOptions['mechanism'], string> = {
  plain: 'plain',
  'scram-sha-256': 'scram256',
  'scram-sha-512': 'scram512',
  oauthbearer: 'oauthBearer',
}

/** Gives kafkajs's own way to log in, which has as long as it takes to connect. */
export function loginOf(
  sasl: SaslOptions,
  { connectTimeoutMs }: ConnectionOptions,
  sockets: KafkajsSockets,
): Mechanism {
  const { mechanism } = sasl
  const require = createRequire(import.meta.url)
  const own = require(`kafkajs/src/broker/saslAuthenticator/${FILES[mechanism]}.js`) as (
    options: object,
  ) => Provide
  const provide = own(optionsOf(sasl))
  return {
    mechanism,
    authenticationProvider: (parts) => {
      let thrown: Thrown
      const saslAuthenticate: typeof parts.saslAuthenticate = async (asked) => {
        try {
          return await parts.saslAuthenticate(asked)
        } catch (error) {
          thrown = error as Thrown
          throw error
        }
      }
      const login = provide({ ...parts, saslAuthenticate })
      const authenticate = () =>
        login.authenticate().catch((error) => {
          throw thrown?.name === 'KafkaJSRequestTimeoutError' ? thrown : error
        })
      const broker = `${parts.host}:${parts.port}`
      const late = () => {
        const why = `no login at ${broker} within ${connectTimeoutMs} ms`
        sockets.endOf(broker, why)
        throw new kafkajs.KafkaJSConnectionError(why, { broker })
      }
      return { authenticate: () => within(connectTimeoutMs, authenticate(), late) }
    },
  }
}

function optionsOf(sasl: SaslOptions): object {
  if (sasl.mechanism !== 'oauthbearer') return sasl
  return { oauthBearerProvider: async () => ({ value: await sasl.token() }) }
}
