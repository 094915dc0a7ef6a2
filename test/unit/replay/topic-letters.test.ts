import { expect, test } from 'vitest'
import { Places } from '../../../src/replay/places.js'
import { type TopicReplay, topicLetters } from '../../../src/replay/topic-letters.js'
import type { SourceRecord } from '../../../src/sources/source.js'

const places = new Places(['parse', 'price'], ['sink', 'fallback'])
const HEADERS = {
  mine: 'm',
  'millrace-topic': 'dead',
  'millrace-reason': 'no price',
  'millrace-stage': 'price-2',
  'millrace-stack': 'at …',
  'millrace-origin-topic': 'orders',
  'millrace-origin-id': '2-7',
  'millrace-tags': '["large"]',
}

async function letterOf(
  headers: Record<string, string>,
  replay: Partial<TopicReplay> = {},
): Promise<SourceRecord> {
  const record = { partition: 0, offset: 3n, value: 'v', keys: ['k'], headers }
  const source = topicLetters({ topic: 'dead', ...replay }, places, { read: () => [record] })
  return ((await source.read(10)) ?? [])[0]
}

test('a letter is the message that was given up, at the stage that gave it up', async () => {
  expect(await letterOf(HEADERS)).toEqual({
    partition: 0,
    offset: 3n,
    value: 'v',
    keys: ['k'],
    id: '2-7',
    tags: ['large'],
    headers: {
      mine: 'm',
      'millrace-topic': 'orders',
      'millrace-stage': 'price-2',
      'millrace-replays': '1',
      'millrace-origin-topic': 'orders',
      'millrace-origin-id': '2-7',
      'millrace-tags': '["large"]',
    },
  })
})

test('one that was sent before is counted, and one may begin elsewhere', async () => {
  const { headers } = await letterOf({ ...HEADERS, 'millrace-replays': '2' }, { from: 'parse' })
  expect(headers).toMatchObject({ 'millrace-replays': '3', 'millrace-stage': 'parse' })
})

test('a record that is no dead letter begins at the first stage, as it is', async () => {
  const { id, tags, headers } = await letterOf({ mine: 'm' })
  expect({ id, tags, headers }).toEqual({
    id: undefined,
    tags: undefined,
    headers: { mine: 'm', 'millrace-replays': '1' },
  })
})

test.each(['["a"', '{}', '[1]', 'null'])('tags that are none (%s) are left out', async (tags) => {
  expect((await letterOf({ ...HEADERS, 'millrace-tags': tags })).tags).toBeUndefined()
})

test('a stage that is not there ends it, and says which record it is', async () => {
  await expect(letterOf({ ...HEADERS, 'millrace-stage': 'gone' })).rejects.toThrow(
    'replay: kafka:dead: the record at 3 of partition 0 was given up by gone, which the topology does not have: say --from',
  )
})

test('the end is the end', async () => {
  const source = topicLetters({ topic: 'dead' }, places, { read: () => null })
  expect(await source.read(10)).toBeNull()
})
