// That batches arrive whole is seen with a broker (test/kafka). Here: they are never taken for values.

import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { WholeBatch } from '../../../../src/kafka/kafkajs/whole-batches.js'

const encodeRecord = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/record/v0/index.js')

test('a batch that kafkajs would encode as a record is refused', () => {
  const { key, value } = new WholeBatch(0, Buffer.from('batch'))
  expect(() => encodeRecord({ key, value })).toThrow(TypeError)
  expect(() => encodeRecord({ key, value: null })).not.toThrow()
})
