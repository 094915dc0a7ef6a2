// The low watermark of a source's ledger, over several readers: of a source that remembers each line, and of one that keeps a position.

import { expect, test } from 'vitest'
// @ts-expect-error: plain JavaScript
import { lowWatermark } from './watermark.mjs'

const LINE_BYTES = 10
const after = (offset: number) => offset + LINE_BYTES

const open = { word: 'open', more: '' }
const event = (word: string) => (ids: number[]) => ({
  word,
  more: ids.map((id) => id * LINE_BYTES).join(' '),
})
const [read, told, durable, nacked] = ['R', 'A', 'D', 'N'].map(event)

type Event = { word: string; more: string }
/** Numbers of lines: of what was made durable, by a source that keeps a position, and one that remembers each line. */
function lowestOf(events: Event[], word = 'D') {
  const lineOf = (isPositional: boolean) => lowWatermark(events, word, after, isPositional) / LINE_BYTES
  return { positional: lineOf(true), remembering: lineOf(false) }
}

test('within one reader it is the lowest that was read and is not done', () => {
  expect(lowestOf([])).toEqual({ positional: 0, remembering: 0 })
  expect(lowestOf([open, read([0, 1, 2])])).toEqual({ positional: 0, remembering: 0 })
  expect(lowestOf([open, read([0, 1, 2]), durable([0, 2])])).toEqual({ positional: 1, remembering: 1 })
  const all = [open, read([0, 1, 2]), durable([0, 2]), nacked([1]), read([1]), durable([1])]
  expect(lowestOf(all)).toEqual({ positional: 3, remembering: 3 })
})

test('what a source was told and what it had made durable are two things', () => {
  const events = [open, read([0, 1]), told([0, 1]), durable([0])]
  expect(lowestOf(events, 'A').positional).toBe(2)
  expect(lowestOf(events, 'D').positional).toBe(1)
})

test('lines that were done above a position are unsettled again when the next reader reads them again', () => {
  // The first reader does 2 before 1; the second begins at 1, and does 1 and 3 before it ends.
  const events = [open, read([0, 1, 2]), durable([0, 2]), open, read([1, 2, 3]), durable([1, 3])]
  expect(lowestOf(events)).toEqual({ positional: 2, remembering: 4 })
})

test('what lies below the position stays done, whatever the next reader reads', () => {
  const before = [open, read([0, 1, 2, 3]), durable([0, 1, 3])]
  // It reads in small portions: only the first tells where it began.
  expect(lowestOf([...before, open, read([2]), read([3]), durable([3])])).toEqual({
    positional: 2,
    remembering: 2,
  })
  expect(lowestOf([...before, open, read([2]), read([3]), durable([2])])).toEqual({
    positional: 3,
    remembering: 4,
  })
  expect(lowestOf([...before, open, read([2]), durable([2]), read([3, 4])])).toEqual({
    positional: 3,
    remembering: 4,
  })
})

test('a reader that read nothing changes nothing', () => {
  const events = [open, read([0, 1, 2]), durable([0, 1]), open, open, read([2]), open]
  expect(lowestOf(events)).toEqual({ positional: 2, remembering: 2 })
  expect(lowestOf([...events, read([2]), durable([2])])).toEqual({ positional: 3, remembering: 3 })
})

test('a reader that went back to the start has to do all again', () => {
  const events = [open, read([0, 1, 2]), durable([0, 1, 2]), open, read([0, 1])]
  expect(lowestOf(events)).toEqual({ positional: 0, remembering: 3 })
})
