// A record of kafkajs as one of the seam.

import type { KafkaMessage } from 'kafkajs'
import type { RawHeaders, RawRecord } from '../driver.js'

const NO_HEADERS: RawHeaders = []

export function recordOf({ offset, timestamp, key, value, headers }: KafkaMessage): RawRecord {
  return {
    offset: BigInt(offset),
    timestamp: Number(timestamp),
    key,
    value,
    headers: headers === undefined ? NO_HEADERS : headersOf(headers),
  }
}

function headersOf(headers: NonNullable<KafkaMessage['headers']>): RawHeaders {
  const list: [string, Buffer | null][] = []
  for (const name in headers) {
    const given = headers[name]
    for (const value of Array.isArray(given) ? given : [given]) {
      // What is no bytes is no value: of a name that every object inherits (`constructor`), kafkajs takes that for the first one.
      if (value === null || Buffer.isBuffer(value)) list.push([name, value])
    }
  }
  return list.length === 0 ? NO_HEADERS : list
}
