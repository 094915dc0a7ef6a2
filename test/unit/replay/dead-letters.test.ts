// The source of a replay, over real files: as it is built, since the store of its position is another process.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { deadLetters, positionOf } from '../../../dist/replay/dead-letters.js'
import { Places } from '../../../dist/replay/places.js'
import { beginsWithEnvelope } from '../../../src/replay/begins-with-envelope.js'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-replay-'))
  path = join(folder, 'dead.jsonl')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a line that is too long names the limit that the user has set', async () => {
  writeFileSync(path, `{"millrace":1,"id":"1","value":"${'x'.repeat(2_000_000)}"}\n`)
  mkdirSync(positionOf(path))
  const source = deadLetters({ path }, new Places([], ['sink']))
  const nothing = () => {}
  const log = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing, fatal: nothing }
  const { signal } = new AbortController()
  await source.open?.({ messageBytesMax: 1_000, log, signal } as never)
  try {
    await expect(Promise.resolve(source.read(10))).rejects.toMatchObject({
      code: 'ERR_MESSAGE_TOO_LARGE',
      message: expect.stringMatching(
        /^replay: .*: the line at byte 0 is longer than any message of limits\.messageBytes = 1,000 is: /,
      ),
    })
  } finally {
    await source.close?.()
  }
})

test.each<[text: string, areEnvelopes: boolean]>([
  ['{"millrace":1,"id":"1"}\n', true],
  ['\n \r\n\t\n{"millrace":1,"id":"1"}\n', true],
  [`${'\n'.repeat(65_530)}{"millrace":1,"id":"1"}\n`, true],
  ['{"millrac', false],
  ['text\n{"millrace":1,"id":"1"}\n', false],
  ['\n\n', false],
  ['', false],
])('%#: a file is known by its first line that is not blank', (text, areEnvelopes) => {
  writeFileSync(path, text)
  expect(beginsWithEnvelope(path)).toBe(areEnvelopes)
})
