// The records that a source of ours fills again and again.

import type { SourceRecord } from '../source.js'

/** Makes a record: always the same fields in the same order, so that all code that reads records stays monomorphic. */
export function createRecord(value: Uint8Array): SourceRecord {
  return {
    partition: undefined,
    generation: undefined,
    offset: 0,
    eventTime: undefined,
    deadline: undefined,
    id: undefined,
    keys: undefined,
    tags: undefined,
    headers: undefined,
    trace: undefined,
    value,
  }
}
