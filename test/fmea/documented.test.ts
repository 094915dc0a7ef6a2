// The table of failure modes names tests, and each of them is there.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ROOT } from '../support/child.js'
import { rowsOf } from '../support/markdown.js'

const [, after] = readFileSync(`${ROOT}docs/serving.md`, 'utf8').split('\n## Failure modes\n')
const [section] = after.split('\n## ')

test('each failure mode has a test that is there', () => {
  const modes = rowsOf(section).filter(([name]) => name !== 'Failure')
  expect(modes.length).toBeGreaterThan(20)
  for (const cells of modes) {
    const [file, titles] = (cells.at(-1) ?? '').split(': `')
    const text = readFileSync(`${ROOT}test/fmea/${file}.test.ts`, 'utf8')
    for (const title of titles.slice(0, -1).split('`, `')) expect(text, cells[0]).toContain(title)
  }
})
