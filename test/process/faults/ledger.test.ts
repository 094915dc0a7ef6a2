// A ledger whose writer was killed in the middle of a line.

import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
// @ts-expect-error: plain JavaScript
import { Ledger, readLedger } from './ledger.mjs'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-ledger-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

type Event = { word: string; more: string; opening: number }
const wordsOf = (path: string) =>
  (readLedger(path).events as Event[]).map(
    (each) => `${each.opening} ${each.word} ${each.word === 'open' ? '' : each.more}`,
  )

test.each(['#A 17.5 ', '#A 17.5 12', '#', 'accep'])('%j at its end is torn, and no event', (torn) => {
  const path = join(directory, 'ledger')
  new Ledger(path, 1).event('R', '123')
  appendFileSync(path, torn)
  expect(wordsOf(path)).toEqual(['0 open ', '0 R 123'])
  new Ledger(path, 2).event('A', '123')
  expect(wordsOf(path)).toEqual(['0 open ', '0 R 123', '1 open ', '1 A 123'])
  expect(readLedger(path).torn).toEqual([torn])
})
