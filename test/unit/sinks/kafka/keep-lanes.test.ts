import { expect, test } from 'vitest'
import { keepLanes } from '../../../../src/sinks/kafka/keep-lanes.js'
import { Response } from '../../../../src/sinks/response.js'
import { makeMessages } from '../../../support/messages.js'

test('behind a failure, what has its keys has failed; others, and what has no keys, have not', () => {
  const keys = [['a'], ['b'], ['a'], undefined, ['b'], ['a']]
  const batch = makeMessages(keys.map((each) => ({ value: 'v', keys: each })))
  const responses = batch.map((message, i) =>
    i === 1
      ? Response.failure(message, 'why')
      : i === 5
        ? Response.fallback(message, 'why')
        : Response.ok(message),
  )
  keepLanes(batch, responses)
  expect(responses.map(({ outcome }) => outcome)).toEqual([
    'ok',
    'failure',
    'ok',
    'ok',
    'failure',
    'fallback',
  ])
})
