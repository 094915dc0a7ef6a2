// What is kept of a request until it is done, and of its result: a line of JSON, and the bytes of values behind it.

import type { Headers } from '../../kernel/codec.js'
import type { Answer, SourceRecord } from '../source.js'

/** What a request is made of again after a restart. */
export type KeptRequest = Pick<SourceRecord, 'keys' | 'tags' | 'trace' | 'eventTime'> & {
  headers?: Headers | undefined
  body: Buffer
  /** Its own, in all lives: where it lies in the source when it is processed again. */
  number?: number | undefined
  /** The class that it was admitted to. */
  className?: string | undefined
}

/** How a request ended: with the answers of sinks, none of them where it has none, or with the reason why not. */
export type KeptResult = { answers: readonly Answer[] } | { reason: string }

const LENGTH_BYTES = 4

export function encodeRequest({ body, headers, ...rest }: KeptRequest): Buffer {
  return join({ ...rest, headers: headers && textsOf(headers) }, [body])
}

/** Throws SyntaxError for what is no kept request. */
export function decodeRequest(bytes: Uint8Array): KeptRequest {
  const { head, rest } = split(bytes)
  return { ...(head as Omit<KeptRequest, 'body'>), body: rest }
}

export function encodeResult(result: KeptResult): Buffer {
  if ('reason' in result) return join(result, [])
  const answers = result.answers.map(({ payload, status, headers }) => ({
    bytes: payload.length,
    status,
    headers: headers && textsOf(headers),
  }))
  return join(
    { answers },
    result.answers.map(({ payload }) => payload),
  )
}

/** Throws SyntaxError for what is no kept result. */
export function decodeResult(bytes: Uint8Array): KeptResult {
  const { head, rest } = split(bytes)
  const kept = head as { reason: string } | { answers: (Omit<Answer, 'payload'> & { bytes: number })[] }
  if ('reason' in kept) return kept
  let from = 0
  return {
    answers: kept.answers.map(({ bytes: length, ...more }) => {
      const payload = rest.subarray(from, from + length)
      from += length
      return { ...more, payload }
    }),
  }
}

function join(head: object, parts: readonly Uint8Array[]): Buffer {
  const json = Buffer.from(JSON.stringify(head))
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32LE(json.length)
  return Buffer.concat([length, json, ...parts])
}

function split(bytes: Uint8Array): { head: unknown; rest: Buffer } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer.length < LENGTH_BYTES) throw new SyntaxError('it is too short')
  const end = LENGTH_BYTES + buffer.readUInt32LE()
  if (end > buffer.length) throw new SyntaxError('it is cut short')
  return { head: JSON.parse(buffer.toString('utf8', LENGTH_BYTES, end)), rest: buffer.subarray(end) }
}

/** Header values of bytes are text of UTF-8 where they go out again. */
function textsOf(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : Buffer.from(value).toString(),
    ]),
  )
}
