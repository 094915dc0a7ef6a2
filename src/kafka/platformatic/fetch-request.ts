// A fetch, in the highest version that client and broker know, whose records stay as they came: the client's decoder reads each
// byte of them through a list of buffers, and was most of what a source did.

import type { ConsumerOptions } from '../driver.js'
import type { Connection, FetchTopic, RequestModule } from './client.js'
import { type FetchResponse, parseFetchResponse } from './fetch-response.js'

export type FetchModule = RequestModule<
  [
    waitMs: number,
    minBytes: number,
    maxBytes: number,
    isolation: number,
    session: number,
    sessionEpoch: number,
    topics: readonly FetchTopic[],
    forgotten: readonly [],
    rack: string,
  ]
>

const FETCH = 1
const READ_COMMITTED = 1
/** No session: each request says all that it wants. */
const NO_SESSION = 0
const NO_SESSION_EPOCH = -1

export class FetchRequest {
  readonly #module: FetchModule

  constructor(module: FetchModule) {
    this.#module = module
  }

  send(
    connection: Connection,
    { fetchWaitMs, fetchBytesMax }: ConsumerOptions,
    topics: readonly FetchTopic[],
  ): Promise<FetchResponse> {
    const { createRequest, api } = this.#module
    const session = [NO_SESSION, NO_SESSION_EPOCH] as const
    const encode = () =>
      createRequest(fetchWaitMs, 1, fetchBytesMax, READ_COMMITTED, ...session, topics, [], '')
    return new Promise((resolve, reject) => {
      connection.send(FETCH, api.version, encode, parseFetchResponse, true, true, (error, response) =>
        error ? reject(error) : resolve(response as FetchResponse),
      )
    })
  }
}
