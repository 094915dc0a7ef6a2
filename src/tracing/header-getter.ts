// How a propagator of OpenTelemetry reads the headers of a record: values may be bytes.

import type { TextMapGetter } from '@opentelemetry/api'
import type { Headers } from '../kernel/codec.js'

export const headerGetter: TextMapGetter<Headers> = {
  keys: (headers) => Object.keys(headers),
  get(headers, name) {
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined
    return value === undefined || typeof value === 'string' ? value : Buffer.from(value).toString('utf8')
  },
}
