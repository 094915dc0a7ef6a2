import { expect, test } from 'vitest'
import { respond } from '../../../src/sinks/respond.js'
import { makeMessages } from '../../support/messages.js'

test('every message is answered with its value, in the order of the batch', async () => {
  const batch = makeMessages([{ value: 'a' }, { value: '' }, { value: 'c', keys: ['k'] }])
  const responses = await respond().write(batch)
  expect(responses.map(({ outcome, detail }) => [outcome, String(detail)])).toEqual([
    ['serve', 'a'],
    ['serve', ''],
    ['serve', 'c'],
  ])
  expect(responses.map(({ ref }) => ref)).toEqual(batch)
})

test('status and headers are the same for all, or made for each message', async () => {
  const batch = makeMessages([{ value: 'a' }, { value: 'bb' }])
  const same = { status: 201, headers: { 'content-type': 'text/plain' } }
  for (const { options } of await respond(same).write(batch)) expect(options).toEqual(same)
  const each = await respond((message) => ({ status: 200 + message.value.length })).write(batch)
  expect(each.map(({ options }) => options)).toEqual([{ status: 201 }, { status: 202 }])
})

test('a message whose options cannot be made is nacked with the reason; the others are answered', async () => {
  const batch = makeMessages([{ value: '{"status":201}' }, { value: '}' }])
  const responses = await respond((message) => ({ status: message.json<{ status: number }>().status })).write(
    batch,
  )
  expect(responses.map(({ outcome }) => outcome)).toEqual(['serve', 'nack'])
  expect(responses[1].options).toMatchObject({ reason: expect.stringContaining('JSON') })
})

test('it runs beside the source', () => {
  expect(respond()).toMatchObject({ name: 'respond', thread: 'ingress', ordered: true })
})
