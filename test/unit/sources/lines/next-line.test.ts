import { describe, expect, test } from 'vitest'
import { nextLine } from '../../../../src/sources/lines/next-line.js'

const goesOn = (text: string, position: number) => {
  const bytes = Buffer.from(text)
  return nextLine((offset, count) => bytes.subarray(offset, offset + count), position)
}

describe('after a position, reading goes on', () => {
  test.each([
    ['at the start', 'abc\n', 0, 0],
    ['at the next line', 'abc\ndef\n', 4, 4],
    ['at the end, where nothing came', 'abc\n', 4, 4],
    ['at the end, where the last line has no line end still', 'abc', 3, 3],
    ['behind a line feed that came', 'abc\ndef', 3, 4],
    ['behind a CRLF that came', 'abc\r\ndef', 3, 5],
    ['behind the line feed of a CR that was there', 'abc\r\ndef', 4, 5],
    ['at an empty line', 'abc\n\ndef', 4, 4],
  ])('%s', (_, text, position, offset) => {
    expect(goesOn(text, position)).toEqual({ offset, continued: false })
  })

  test.each([
    ['the first line', 'abcdef\n', 3, 0],
    ['another line', 'x\nabcdef\n', 5, 2],
    ['a line with a CR that is no line end', 'x\nabc\rdef\n', 5, 2],
    ['a long line', `x\n${'y'.repeat(20_000)}z\n`, 20_002, 2],
  ])('at the start of %s that was continued', (_, text, position, offset) => {
    expect(goesOn(text, position)).toEqual({ offset, continued: true })
  })
})
