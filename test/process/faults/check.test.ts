// The checker complains where it must: about what is lost, repeated, out of order, corrupt, unknown, or acked by mistake. And only there.

import { describe, expect, test } from 'vitest'
// @ts-expect-error: plain JavaScript
import { check, conservationProblems } from './check.mjs'
// @ts-expect-error
import { Input } from './input.mjs'

const COUNT = 20
const KEYS = 4

const input = new Input({ seed: 7, count: COUNT, keys: KEYS })
const lines: string[] = []
let at = 0
for (let id = 0; id < COUNT; id++) {
  const line = input.lineOf(id)
  input.offsets[id] = at
  input.idByOffset.set(at, id)
  at += line.length + 1
  lines.push(line)
}
const ids = lines.map((_, id) => id)

type Event = { word: string; ms: number; more: string; life: number; opening: number; lines: string[] }

function event(word: string, more: string, eventLines: string[], life = 1): Event {
  return { word, ms: 0, more, life, opening: life - 1, lines: eventLines }
}
const accepted = (list: string[], life = 1) => event('at', '', list, life)
const told = (word: string, list: number[], life = 1) =>
  event(word, list.map((id) => input.offsets[id]).join(' '), [], life)
const all = () => [...lines]

const good = {
  input,
  sink: [accepted(all())],
  source: [told('R', ids), told('A', ids)],
  isComplete: true,
  order: 'source' as const,
}
const verdictOf = (changes: object) => check({ ...good, ...changes })

describe('check', () => {
  test('says nothing where all is well', () => {
    const clean = {
      accepted: COUNT,
      lost: 0,
      missing: 0,
      unknown: 0,
      corrupt: 0,
      duplicates: 0,
      disordered: 0,
      problems: [],
    }
    expect(verdictOf({})).toMatchObject(clean)
    const stamped = lines.map((line, id) => `${id % 2}.17|${line}`)
    expect(verdictOf({ sink: [accepted(stamped)] })).toMatchObject(clean)
    expect(verdictOf({ sink: [accepted(lines.slice(1))], fallback: [accepted([lines[0]])] })).toMatchObject(
      clean,
    )
  })

  test('a lost message: acked, and accepted by nobody', () => {
    const without = lines.filter((_, id) => id !== 5)
    const verdict = verdictOf({ sink: [accepted(without)] })
    expect(verdict).toMatchObject({ lost: 1, missing: 1 })
    expect(verdict.problems).toEqual(['1 acked, but accepted by nobody: 5', '1 accepted by nobody: 5'])
    // One that was dropped by a decision, and counted, is not lost.
    expect(verdictOf({ sink: [accepted(without)], dropped: 1 }).problems).toEqual([])
  })

  test('a false ack is not excused by a later life that accepts the message', () => {
    const sink = [accepted(lines.slice(0, 5)), accepted(lines.slice(5), 2)]
    const source = [
      told('R', ids),
      told('A', ids.slice(0, 6)),
      told('R', ids.slice(5), 2),
      told('A', ids.slice(5), 2),
    ]
    expect(verdictOf({ sink, source }).problems).toEqual(['1 acked, but accepted by nobody: 5'])
  })

  test('a message that never arrived, though nobody acked it', () => {
    const changes = {
      sink: [accepted(lines.slice(0, -1))],
      source: [told('R', ids), told('A', ids.slice(0, -1))],
    }
    expect(verdictOf(changes).problems).toEqual([
      '1 accepted by nobody: 19',
      '1 accepted, but the source was never told: 19',
    ])
    expect(verdictOf({ ...changes, isComplete: false }).problems).toEqual([])
  })

  test('a repeated message, unless it may be', () => {
    const sink = [accepted([...lines, lines[3]])]
    expect(verdictOf({ sink })).toMatchObject({
      duplicates: 1,
      forbidden: 1,
      problems: ['1 repeated and must not be: 3'],
    })
    expect(verdictOf({ sink, mayRepeat: () => true })).toMatchObject({
      duplicates: 1,
      forbidden: 0,
      problems: [],
    })
    expect(verdictOf({ fallback: [accepted([lines[3]])] }).problems).toEqual([
      '1 repeated and must not be: 3',
    ])
    const lives: number[][] = []
    const mayRepeat = ({ id, life, before }: { id: number; life: number; before: { life: number } }) =>
      lives.push([id, before.life, life]) > 0
    verdictOf({ sink: [accepted(all()), accepted([lines[3]], 2)], mayRepeat })
    expect(lives).toEqual([[3, 1, 2]])
  })

  test('messages of a key out of order, or of the source where that is asked', () => {
    const swapped = all()
    ;[swapped[1], swapped[1 + KEYS]] = [swapped[1 + KEYS], swapped[1]]
    expect(verdictOf({ sink: [accepted(swapped)], order: 'key' }).problems).toEqual([
      '1 before an earlier one of its order: 1',
    ])
    expect(verdictOf({ sink: [accepted(swapped)], order: 'none' }).problems).toEqual([])
    const neighbours = all()
    ;[neighbours[1], neighbours[2]] = [neighbours[2], neighbours[1]]
    expect(verdictOf({ sink: [accepted(neighbours)], order: 'key' }).problems).toEqual([])
    expect(verdictOf({ sink: [accepted(neighbours)] }).problems).toEqual([
      '1 before an earlier one of its order: 1',
    ])
  })

  test('a corrupt message, at each of its bytes', () => {
    for (let byte = 0; byte < lines[4].length; byte++) {
      const changed =
        lines[4].slice(0, byte) + (lines[4][byte] === 'x' ? 'y' : 'x') + lines[4].slice(byte + 1)
      const verdict = verdictOf({ sink: [accepted([...lines, changed])] })
      expect(verdict).toMatchObject({ corrupt: 1 })
      expect(verdict.problems).toHaveLength(1)
    }
  })

  test('an unknown message, though its crc is right', () => {
    const others = new Input({ seed: 8, count: COUNT + 1, keys: KEYS })
    for (const id of [3, COUNT]) {
      const verdict = verdictOf({ sink: [accepted([...lines, others.lineOf(id)])] })
      expect(verdict.problems).toEqual([`1 unknown: ${id}`])
    }
  })

  test('a torn line, but for one at each kill', () => {
    expect(verdictOf({ torn: ['17 k1'] }).problems).toEqual(['1 torn: 17 k1'])
    expect(verdictOf({ torn: ['17 k1'], tornMax: 1 }).problems).toEqual([])
  })

  test('an ack of what was not read, by this reader, or was acked before', () => {
    const offset = input.offsets[2]
    const told2 = [`1 settled without having been read, or twice: ack of ${offset}`]
    expect(verdictOf({ source: [...good.source, told('A', [2])] }).problems).toEqual(told2)
    expect(verdictOf({ source: [...good.source, told('A', [2], 2)] }).problems).toEqual(told2)
    expect(
      verdictOf({ source: [told('R', ids), told('N', [2]), told('R', [2]), told('A', ids)] }).problems,
    ).toEqual([])
  })

  test('an end of which the source was never told', () => {
    const source = [told('R', ids), told('A', ids.slice(1))]
    expect(verdictOf({ source }).problems).toEqual(['1 accepted, but the source was never told: 0'])
    expect(verdictOf({ source: [...source, told('R', [0], 2), told('A', [0], 2)] }).problems).toEqual([])
  })

  test('an ack of an offset where no message is', () => {
    const { problems } = verdictOf({ source: [...good.source, event('R', '3', []), event('A', '3', [])] })
    expect(problems).toEqual(['1 acked, but accepted by nobody: at 3'])
  })
})

test('conservationProblems', () => {
  const summary = { read: 10, acked: 5, nacked: 2, inFlight: 2, abandoned: 1 }
  expect(conservationProblems(summary)).toEqual([])
  expect(conservationProblems({ ...summary, acked: 6 })).toHaveLength(1)
  expect(conservationProblems(undefined)).toHaveLength(1)
})
