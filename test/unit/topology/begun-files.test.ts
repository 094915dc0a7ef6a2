// Notes that outlive the process: what each life leaves, the next one knows, counted once; and what is broken says nothing.

import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Range, Suspects } from '../../../src/actors/begun-notes.js'
import { Isolation } from '../../../src/kernel/isolation.js'
import { createLog } from '../../../src/kernel/log.js'
import { BegunFile, closeBegunFiles, openBegunFiles } from '../../../src/topology/begun-files.js'
import { ROOT, runNode } from '../../support/child.js'

const RUNS = Number(process.env.RUNS ?? 100)
const BUILT = pathToFileURL(`${ROOT}dist/topology/begun-files.js`).href

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-begun-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

type Note = { ranges: Range[]; isAlone: boolean }
/** What the actors note last before the process dies, by `place@actor`. */
type Life = Record<string, Note>

/** A process that writes these notes, each after an earlier one, and dies. Gives whom it suspected. */
function live(life: Life): Readonly<Record<string, Suspects>> {
  const begun = openBegunFiles(directory)
  for (const [name, { ranges, isAlone }] of Object.entries(life)) {
    const [place, actor] = name.split('@')
    const file = new BegunFile(begun, place, actor)
    // Longer than what overwrites it.
    file.write(
      Array.from({ length: 20 }, (_, i) => [i, 1, 2]),
      false,
    )
    file.write(ranges, isAlone)
    file.close()
  }
  return begun.suspects
}

/** Whom the next process suspects. */
const suspectsNow = () => live({})

const alone = (partition: number, offset: number): Note => ({
  ranges: [[partition, offset, offset]],
  isAlone: true,
})
const together = (...ranges: Range[]): Note => ({ ranges, isAlone: false })

describe('notes of what is in user code', () => {
  it('are nobody’s at first, and where nothing was noted', () => {
    expect(openBegunFiles(directory)).toMatchObject({ life: 1, suspects: {} })
    expect(openBegunFiles(directory)).toMatchObject({ life: 2, suspects: {} })
  })

  it('make suspects of all that lay in them, by place, over all actors of it', () => {
    live({
      'map@map-0': together([0, 3, 7]),
      'map@map-1': together([1, 2, 2]),
      'sink@sink': together([0, 1, 9]),
    })
    expect(suspectsNow()).toEqual({
      map: {
        ranges: expect.toSatisfy((ranges: Range[]) => {
          expect(ranges.toSorted()).toEqual([
            [0, 3, 7],
            [1, 2, 2],
          ])
          return true
        }),
        deliveries: {},
      },
      sink: { ranges: [[0, 1, 9]], deliveries: {} },
    })
  })

  it('are given to each actor of their place, and to no other', () => {
    live({ 'map@map-0': alone(0, 5) })
    const begun = openBegunFiles(directory)
    const files = [
      ['map', 'map-1'],
      ['sink', 'sink'],
    ].map(([place, actor]) => new BegunFile(begun, place, actor))
    expect(files[0].suspects).toEqual({ ranges: [[0, 5, 5]], deliveries: { '0:5': 1 } })
    expect(files[1].suspects).toEqual({ ranges: [], deliveries: {} })
    for (const file of files) file.close()
  })

  it('count a death each life, exactly one, for whoever was alone', () => {
    for (let deaths = 1; deaths <= 5; deaths++) {
      live({ 'map@map': alone(2, 9) })
      const { map } = live({ 'map@map': alone(2, 9) })
      expect(map.deliveries).toEqual({ '2:9': 2 * deaths - 1 })
    }
  })

  it('keep a count while others die', () => {
    live({ 'map@map': alone(0, 5) })
    live({ 'map@map': together([0, 1, 9]) })
    live({ 'map@map': alone(0, 6) })
    expect(suspectsNow().map).toEqual({ ranges: [[0, 6, 6]], deliveries: { '0:5': 1, '0:6': 1 } })
  })

  it('count a death once, though the next process dies before it has noted anything', () => {
    live({ 'map@map': alone(0, 5) })
    const first = openBegunFiles(directory).suspects
    // Killed before its actors were built: the old note is still there, and is of a life that was counted.
    const second = openBegunFiles(directory).suspects
    expect(first.map.deliveries).toEqual({ '0:5': 1 })
    expect(second.map?.deliveries['0:5'] ?? 0).toBeLessThanOrEqual(1)
  })

  it('agree with a list over any lives', () => {
    const offset = fc.nat(3)
    const note = fc.oneof(
      offset.map((at) => alone(0, at)),
      fc.tuple(offset, offset).map(([a, b]) => together([0, Math.min(a, b), Math.max(a, b)])),
    )
    fc.assert(
      fc.property(fc.array(note, { minLength: 1, maxLength: 12 }), (notes) => {
        const expected: Record<string, number> = {}
        rmSync(directory, { recursive: true })
        for (const each of notes) {
          live({ 'map@map': each })
          if (each.isAlone) {
            const key = `0:${each.ranges[0][1]}`
            expected[key] = (expected[key] ?? 0) + 1
          }
        }
        expect(suspectsNow().map).toEqual({ ranges: notes.at(-1)?.ranges, deliveries: expected })
      }),
      { numRuns: RUNS },
    )
  })

  it('keep no more than 1,000 counts: the latest', () => {
    live({ 'map@map': alone(0, 0) })
    const deliveries = Object.fromEntries(Array.from({ length: 1_000 }, (_, offset) => [`1:${offset}`, 2]))
    const known = { life: 1, suspects: { map: { ranges: [], deliveries } } }
    writeFileSync(join(directory, 'suspects.json'), JSON.stringify(known))
    const counted = suspectsNow().map.deliveries
    expect(Object.keys(counted)).toHaveLength(1_000)
    expect([counted['0:0'], counted['1:0'], counted['1:999']]).toEqual([1, undefined, 2])
  })

  it('of a process that ends by itself accuse nobody; what it knew is kept unless all is done', () => {
    live({ 'map@map': alone(0, 5) })
    const begun = openBegunFiles(directory)
    const file = new BegunFile(begun, 'map', 'map')
    file.write([[0, 1, 9]], false)
    file.close()
    writeFileSync(join(directory, 'of-others'), '')
    closeBegunFiles(begun, false)
    expect(readdirSync(directory).toSorted()).toEqual(['of-others', 'suspects.json'])
    expect(openBegunFiles(directory)).toMatchObject({ life: 3, suspects: {} })
    closeBegunFiles(begun, true)
    expect(readdirSync(directory)).toEqual(['of-others'])
  })
})

describe('a broken note', () => {
  /** Writes a note, spoils its bytes, and gives whom the next process suspects. */
  function suspectsAfter(note: Note, spoil: (bytes: Buffer) => Buffer): Readonly<Record<string, Suspects>> {
    rmSync(directory, { recursive: true })
    const begun = openBegunFiles(directory)
    const file = new BegunFile(begun, 'map', 'map')
    file.write(note.ranges, note.isAlone)
    file.close()
    const path = join(directory, 'begun-map@map.note')
    writeFileSync(path, spoil(readFileSync(path)))
    return openBegunFiles(directory).suspects
  }

  const position = fc.oneof(fc.nat(100), fc.maxSafeNat())
  const notes: fc.Arbitrary<Note> = fc.oneof(
    fc.tuple(fc.nat(9), position).map(([partition, offset]) => alone(partition, offset)),
    fc
      .array(fc.tuple(fc.nat(99), position, position), { minLength: 1, maxLength: 16 })
      .map((ranges) => together(...ranges)),
  )

  it('says nothing, wherever it was cut', () => {
    fc.assert(
      fc.property(notes, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (note, part) => {
        const cut = (bytes: Buffer) => bytes.subarray(0, Math.floor(part * bytes.length))
        expect(suspectsAfter(note, cut)).toEqual({})
      }),
      { numRuns: RUNS },
    )
  })

  it('says nothing, whichever byte is another', () => {
    const flip = fc.record({ at: fc.nat(10_000), by: fc.integer({ min: 1, max: 255 }) })
    fc.assert(
      fc.property(notes, flip, (note, { at, by }) => {
        const spoil = (bytes: Buffer) => {
          bytes[at % bytes.length] ^= by
          return bytes
        }
        expect(suspectsAfter(note, spoil)).toEqual({})
      }),
      { numRuns: 3 * RUNS },
    )
  })

  it('says nothing where it is anything at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(suspectsAfter(alone(0, 1), () => Buffer.from(bytes))).toEqual({})
      }),
      { numRuns: RUNS },
    )
  })

  it('does not keep others from being heard', () => {
    const begun = openBegunFiles(directory)
    const files = ['map-0', 'map-1'].map((actor) => new BegunFile(begun, 'map', actor))
    for (const file of files) {
      file.write([[0, 5, 5]], false)
      file.close()
    }
    writeFileSync(join(directory, 'begun-map@map-0.note'), 'torn')
    expect(suspectsNow().map.ranges).toEqual([[0, 5, 5]])
  })
})

describe('what is known', () => {
  it.each([
    '',
    '{',
    'null',
    '[]',
    '{}',
    '"text"',
    '{"life":"x"}',
    '{"life":1}',
    '{"life":1,"suspects":null}',
  ])('starts anew where the file holds %j', (text) => {
    writeFileSync(join(directory, 'suspects.json'), text)
    const { life, suspects } = openBegunFiles(directory)
    expect([Number.isInteger(life), suspects]).toEqual([true, {}])
    live({ 'map@map': alone(0, 5) })
    expect(suspectsNow().map.deliveries).toEqual({ '0:5': 1 })
  })
})

it.skipIf(!existsSync('/dev/full'))('a disk that is full is told once, and ends nobody', () => {
  const begun = openBegunFiles(directory)
  symlinkSync('/dev/full', join(directory, 'begun-map@map.note'))
  const said: string[] = []
  const log = createLog(({ message }) => said.push(message), 'map', 'map')
  const file = new BegunFile(begun, 'map', 'map', new Isolation(), log)
  file.write([[0, 1, 2]], true)
  file.write([[0, 3, 4]], true)
  file.close()
  expect(said).toEqual([expect.stringContaining('what is begun cannot be noted: ENOSPC')])
})

// In a process of its own, which can be ended: Node's own way never comes back from there.
it.skipIf(!existsSync('/proc/self'))('a directory that cannot be made is told', async () => {
  const script = `
    const { openBegunFiles } = await import(${JSON.stringify(BUILT)})
    try { openBegunFiles('/proc/millrace/begun') } catch ({ code }) { console.log(code) }`
  const { stdout, stderr } = await runNode(['--input-type=module', '-e', script], { timeoutMs: 10_000 })
  expect(stdout, stderr).toBe('ENOENT\n')
})
