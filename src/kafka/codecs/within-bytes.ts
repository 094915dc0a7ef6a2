// Records are decompressed only where what they become has a limit: else who may write to a topic could fill the memory of all who
// read it, by a few bytes.

import { gunzipSync } from 'node:zlib'
import { countText } from '../../kernel/count-text.js'
import type { Codec } from '../connection.js'
import { KafkaError } from '../kafka-error.js'
import { mostBytes } from './most-bytes.js'

/** What is fetched is small beside what it may become: usual text ten times, what repeats itself a thousand times. */
const LEAST_BYTES = 134_217_728

/** Gives how much may become of what one fetch brings. */
export function plainBytesMax(fetchBytesMax: number): number {
  return Math.max(LEAST_BYTES, fetchBytesMax)
}

/** Decompresses, other than gzip by a function that knows no limit. Throws a KafkaError where it may be more than `bytesMax`. */
export function decompressWithin(
  bytesMax: number,
  codec: Codec,
  data: Buffer,
  decompress: (data: Buffer) => Uint8Array,
): Uint8Array {
  if (codec === 'gzip') return gunzipWithin(bytesMax, data)
  const most = mostBytes(codec, data)
  if (most === Number.POSITIVE_INFINITY) throw unknown(codec, data)
  if (most > bytesMax) throw tooLarge(bytesMax, codec, data)
  return decompress(data)
}

function gunzipWithin(bytesMax: number, data: Buffer): Buffer {
  try {
    return gunzipSync(data, { maxOutputLength: bytesMax })
  } catch (error) {
    throw (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE'
      ? tooLarge(bytesMax, 'gzip', data)
      : error
  }
}

function tooLarge(bytesMax: number, codec: Codec, { length }: Buffer): KafkaError {
  const what = `${countText(length)} bytes of ${codec} become more than ${countText(bytesMax)}`
  const remedy = 'raise `fetch.bytes` if they are meant to be read, or commit an offset behind them'
  return new KafkaError('retriable', `${what}: ${remedy}`)
}

function unknown(codec: Codec, { length }: Buffer): KafkaError {
  const what = `${countText(length)} bytes of ${codec} are no frames that clients of Kafka write, and nothing says what they become`
  return new KafkaError('retriable', `${what}: commit an offset behind them`)
}
