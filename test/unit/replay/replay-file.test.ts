// The file of a replay at each of its turns: no line is lost, whatever becomes of the replay.

import { spawn } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Only } from '../../../src/replay/only.js'
import { Places } from '../../../src/replay/places.js'
import { ReplayFile } from '../../../src/replay/replay-file.js'
import { ROOT } from '../../support/child.js'

const places = new Places(['map'], ['sink'])
const only: Only = { field: 'reason', text: 'slow' }
const letter = (id: string, reason = 'slow', stage = 'map') =>
  `${JSON.stringify({ millrace: 1, id, headers: { 'millrace-reason': reason, 'millrace-stage': stage }, value: id })}\n`

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-replay-'))
  path = join(folder, 'dead.jsonl')
})
afterEach(() => rmSync(folder, { recursive: true }))

const names = () => readdirSync(folder).sort()
const textOf = (name: string) => readFileSync(join(folder, name), 'utf8')

function begun(text: string, asked: ConstructorParameters<typeof ReplayFile>[1] = {}): ReplayFile {
  writeFileSync(path, text)
  const file = new ReplayFile(path, asked)
  file.begin()
  return file
}

test('it is renamed first, so that what is given up again is not read', () => {
  const file = begun(letter('1'))
  expect(names()).toEqual(['dead.jsonl.replaying', 'dead.jsonl.replaying.position'])
  expect(file.replay).toEqual({ path: `${path}.replaying` })
})

describe('at the end', () => {
  test('it is kept under another name, a new one each time', async () => {
    for (const n of [1, 2, 3]) {
      const finished = await begun(letter(`${n}`)).finish(places)
      expect(finished).toEqual({
        replayed: 1,
        kept: 0,
        elsewhere: 0,
        unreadable: [],
        later: [],
        path: `${path}.replayed-${n}`,
      })
    }
    expect(names()).toEqual(['dead.jsonl.replayed-1', 'dead.jsonl.replayed-2', 'dead.jsonl.replayed-3'])
    expect(textOf('dead.jsonl.replayed-2')).toBe(letter('2'))
  })

  test('what was not meant goes back behind what came meanwhile', async () => {
    const file = begun(letter('1') + letter('2', 'bad') + letter('3') + letter('4', 'bad').trimEnd(), {
      only,
    })
    writeFileSync(path, `${letter('5')}{"millrace":1,"torn`)
    expect(await file.finish(places)).toMatchObject({ replayed: 2, kept: 2 })
    expect(textOf('dead.jsonl')).toBe(
      `${letter('5')}{"millrace":1,"torn\n${letter('2', 'bad')}${letter('4', 'bad')}`,
    )
  })

  test('what was given up by nobody who is there goes back', async () => {
    const file = begun(letter('1') + letter('2', 'slow', 'old'))
    expect(await file.finish(places)).toMatchObject({ replayed: 1, elsewhere: 1 })
    expect(textOf('dead.jsonl')).toBe(letter('2', 'slow', 'old'))
  })

  test('torn lines are named, and are where all lines are', async () => {
    const file = begun(`${letter('1')}{"millrace":1,"i\n${letter('2')}rest of it\n{"mil`)
    expect(await file.finish(places)).toMatchObject({ replayed: 2, unreadable: [2, 4, 5], later: [] })
    expect(names()).toEqual(['dead.jsonl.replayed-1'])
    expect(textOf('dead.jsonl.replayed-1')).toContain('rest of it')
  })

  test('those of a later version are named, too', async () => {
    const file = begun(`${letter('1')}${letter('2').replace(':1,', ':2,')}`)
    expect(await file.finish(places)).toMatchObject({ replayed: 1, unreadable: [], later: [2] })
  })

  test('blank lines are no letters, wherever they are', async () => {
    const file = begun(`\n \r\n${letter('1')}\n${letter('2')}\n`)
    expect(await file.finish(places)).toMatchObject({ replayed: 2, kept: 0, unreadable: [] })
  })

  test('many lines go back, larger than any buffer', async () => {
    const large = `${letter('x'.repeat(300_000), 'bad')}`
    const file = begun(`${letter('1')}${large.repeat(12)}`, { only })
    expect(await file.finish(places)).toMatchObject({ replayed: 1, kept: 12 })
    expect(textOf('dead.jsonl')).toBe(large.repeat(12))
  })

  test('one that somebody still writes to stays', async () => {
    const file = begun(letter('1'))
    appendFileSync(`${path}.replaying`, letter('2'))
    expect(await file.finish(places)).toBeUndefined()
    expect(names()).toEqual(['dead.jsonl.replaying', 'dead.jsonl.replaying.position'])
  })
})

describe('a replay that could not begin', () => {
  test('gives the file its name back', () => {
    begun(letter('1')).undo()
    expect(names()).toEqual(['dead.jsonl'])
  })

  test('unless a new one has come', () => {
    const file = begun(letter('1'))
    writeFileSync(path, letter('2'))
    file.undo()
    expect(textOf('dead.jsonl')).toBe(letter('2'))
    expect(textOf('dead.jsonl.replaying')).toBe(letter('1'))
  })
})

describe('a replay that was ended', () => {
  test.each(['dead.jsonl', 'dead.jsonl.replaying'])('is taken up by the name of %s', (name) => {
    begun(letter('1'))
    writeFileSync(path, letter('2'))
    const file = new ReplayFile(join(folder, name), {})
    file.begin()
    expect(file.isTakenUp).toBe(true)
    expect(file.hasMore).toBe(true)
    expect(file.replay.path).toBe(`${path}.replaying`)
    expect(textOf('dead.jsonl')).toBe(letter('2'))
    // It is not ours to undo.
    file.undo()
    expect(existsSync(`${path}.replaying`)).toBe(true)
  })

  test('is taken up only with what it was asked for: what it passed over is not looked at again', () => {
    begun(letter('1'), { only })
    const wanted = /begun with --only "reason=slow", and now it is neither --only nor --from/
    const again = (asked: ConstructorParameters<typeof ReplayFile>[1]) => new ReplayFile(path, asked).begin()
    expect(() => again({})).toThrow(wanted)
    expect(() => again({ only: { field: 'reason', text: 'bad' } })).toThrow('wanted the same')
    expect(() => again({ only })).not.toThrow()
  })
})

test('while another process replays it, nothing is changed', async () => {
  writeFileSync(path, letter('1'))
  const directory = `${path}.replaying.position/replay`
  mkdirSync(directory, { recursive: true })
  const hold = `
    const { own } = await import(${JSON.stringify(pathToFileURL(`${ROOT}dist/store/owner.js`).href)})
    own(process.argv[1])
    console.log('owned')
    setInterval(() => {}, 1_000)`
  const other = spawn(process.execPath, ['--input-type=module', '-e', hold, directory])
  try {
    await new Promise((resolve) => other.stdout.once('data', resolve))
    const wanted = `replay: process ${other.pid} replays ${path} already`
    expect(() => new ReplayFile(path, {}).begin()).toThrow(wanted)
    expect(textOf('dead.jsonl')).toBe(letter('1'))
  } finally {
    const ended = new Promise((resolve) => other.once('exit', resolve))
    other.kill('SIGKILL')
    await ended
  }
  expect(() => new ReplayFile(path, {}).begin()).not.toThrow()
})

test('an empty file is known as one', () => {
  writeFileSync(path, '')
  expect(new ReplayFile(path, {}).isEmpty).toBe(true)
  writeFileSync(path, letter('1'))
  expect(new ReplayFile(path, {}).isEmpty).toBe(false)
  begun('')
  expect(new ReplayFile(path, {}).isEmpty).toBe(false)
})

test('a file that a replay has finished is told from one that never was', async () => {
  const hint = (wanted: string) => `; hint for ${wanted}`
  expect(() => new ReplayFile(path, {}, hint)).toThrow(`no such file; hint for ${path}`)
  await begun(letter('1')).finish(places)
  await begun(letter('2')).finish(places)
  expect(() => new ReplayFile(path, {}, hint)).toThrow(
    `no such file: a replay has finished it, and all of it is in ${path}.replayed-2`,
  )
})

test('a file that is not there, or is none, is ERR_OPEN', () => {
  const openError = (text: string) =>
    expect.objectContaining({ code: 'ERR_OPEN', message: expect.stringContaining(text) })
  expect(() => new ReplayFile(path, {})).toThrow(openError('no such file'))
  expect(() => new ReplayFile(folder, {})).toThrow(openError('it is no regular file'))
})
