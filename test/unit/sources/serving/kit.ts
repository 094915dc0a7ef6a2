// An open source `serving` without a topology, and clients of its endpoints.

import type { RequestOptions } from 'node:http'
import type { StandardSchema } from '../../../../src/sources/serving/standard-schema.js'
import { type ServingOptions, serving } from '../../../../src/sources/serving.js'
import type { SourceContext, SourceRecord } from '../../../../src/sources/source.js'
import { type OpenHttp, openSource, type Reply, send } from '../requests/kit.js'

export type OpenServing = OpenHttp & {
  /** POSTs to an endpoint below the prefix, such as `sync`. */
  ask(endpoint: string, body?: string, headers?: Record<string, string>): Promise<Reply>
  get(path: string, headers?: Record<string, string>): Promise<Reply>
  /** Reads one record. */
  one(): Promise<SourceRecord>
}

export async function openServing(
  options: Partial<ServingOptions> = {},
  more: { cancel?: SourceContext['cancel'] } = {},
): Promise<OpenServing> {
  const open = await openSource(serving({ port: 0, ...options }), more)
  const { port } = open
  const ask = (path: string, method: string, headers: RequestOptions['headers'], body?: string) =>
    send({ port, path, method, headers }, body)
  const waiting: SourceRecord[] = []
  return Object.assign(open, {
    ask: (endpoint: string, body = '', headers: Record<string, string> = {}) =>
      ask(`/v1/process/${endpoint}`, 'POST', headers, body),
    get: (path: string, headers: Record<string, string> = {}) => ask(`/v1/process/${path}`, 'GET', headers),
    async one() {
      while (waiting.length === 0) waiting.push(...(await open.next()))
      return waiting.shift() as SourceRecord
    },
  })
}

export const textOf = ({ value }: SourceRecord): string => Buffer.from(value as Uint8Array).toString()
export const payload = (text: string) => ({ payload: Buffer.from(text) })

/** A Standard Schema that does so. */
export const schemaOf = (validate: (value: unknown) => unknown, more: object = {}): StandardSchema =>
  ({ '~standard': { version: 1, vendor: 'test', validate, ...more } }) as StandardSchema
