// What a store holds, against a model that keeps a plain list; and that its bytes are counted right to the last.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Entry, Shelf, sizeOf } from '../../../src/results/shelf.js'

const KEEP_MS = 50

type Step =
  | { do: 'accept' | 'finish'; id: string; size: number }
  | { do: 'forget'; id: string }
  | { do: 'pass'; ms: number }

const id = fc.nat(9).map(String)
const size = fc.oneof(fc.nat(300), fc.constantFrom(0, 3_000))
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom<'accept' | 'finish'>('accept', 'finish'), id, size }),
  fc.record({ do: fc.constant<'forget'>('forget'), id }),
  fc.record({ do: fc.constant<'pass'>('pass'), ms: fc.nat(40) }),
)

/** A list in the order in which things came to be so. */
class Model {
  entries: (Entry & { size: number })[] = []
  evicted = 0
  readonly bytesMax: number

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  bytesOf(state?: string): number {
    return this.entries.reduce(
      (sum, one) => sum + (state === undefined || one.state === state ? one.size : 0),
      0,
    )
  }

  change(kind: 'accept' | 'finish', entry: Entry): string {
    const known = this.entries.find((one) => one.id === entry.id)
    if (known?.state === 'finished') return kind === 'accept' ? 'exists' : 'done'
    if (known !== undefined && kind === 'accept') return 'exists'
    const size = sizeOf(entry.id, entry.bytes.length)
    if (kind === 'accept' && this.bytesOf('accepted') + size > this.bytesMax / 2) return 'full'
    this.entries = [...this.entries.filter((one) => one !== known), { ...entry, size }]
    for (;;) {
      const oldest = this.entries.find(({ state }) => state === 'finished')
      if (oldest === undefined || this.bytesOf() <= this.bytesMax) return 'change'
      this.entries = this.entries.filter((one) => one !== oldest)
      this.evicted++
    }
  }

  forget(id: string): void {
    this.entries = this.entries.filter((one) => one.id !== id || one.state === 'finished')
  }

  sweep(nowMs: number): void {
    this.entries = this.entries.filter(({ state, atMs }) => state === 'accepted' || atMs > nowMs - KEEP_MS)
  }
}

function entryOf(state: Entry['state'], id: string, size: number, atMs = 0): Entry {
  return { state, id, bytes: new Uint8Array(size), atMs, key: `${atMs}` }
}

async function unfinishedOf(shelf: Shelf): Promise<string[]> {
  const ids = []
  for await (const { id } of shelf.unfinished()) ids.push(id)
  return ids
}

describe('a shelf', () => {
  it('is what a list is under random changes, and counts what goes', async () => {
    const property = fc.asyncProperty(
      fc.array(step, { maxLength: 150, size: 'max' }),
      fc.constantFrom(1_000, 4_096),
      async (steps, bytes) => {
        const [model, gone] = [new Model(bytes), [] as string[]]
        const shelf = new Shelf({ keepMs: KEEP_MS, bytes }, ({ id }) => gone.push(id))
        let [nowMs, left] = [0, 0]
        for (const one of steps) {
          const before = model.entries.filter(({ state }) => state === 'finished').length
          if (one.do === 'pass') nowMs += one.ms
          model.sweep(nowMs)
          shelf.sweep(nowMs)
          let added = 0
          if (one.do === 'forget') {
            expect(shelf.decide('forget', one.id, 0) === 'change').toBe(
              model.entries.some((each) => each.id === one.id && each.state === 'accepted'),
            )
            model.forget(one.id)
            shelf.forget(one.id)
          } else if (one.do !== 'pass') {
            const entry = entryOf(one.do === 'accept' ? 'accepted' : 'finished', one.id, one.size, nowMs)
            const decision = shelf.decide(one.do, one.id, sizeOf(one.id, one.size))
            expect(decision).toBe(model.change(one.do, entry))
            if (decision === 'change') shelf.put(entry)
            if (decision === 'change' && one.do === 'finish') added = 1
          }
          left += before + added - model.entries.filter(({ state }) => state === 'finished').length
          for (const [i, each] of model.entries.entries()) {
            expect(shelf.get(each.id), `${i}`).toMatchObject({ state: each.state, sinceMs: each.atMs })
          }
          const accepted = model.entries.filter(({ state }) => state === 'accepted')
          expect(await unfinishedOf(shelf)).toEqual(accepted.map(({ id }) => id))
          expect(shelf.stats).toEqual({
            entries: model.entries.length,
            accepted: accepted.length,
            bytes: model.bytesOf(),
            evicted: model.evicted,
          })
          expect(gone).toHaveLength(left)
        }
      },
    )
    const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff)
    console.info(`shelf: SEED=${seed}`)
    await fc.assert(property, { seed, numRuns: Number(process.env.RUNS ?? 200) })
  })

  it('leaves out what is finished while its unfinished are walked through, and what is accepted then', async () => {
    const shelf = new Shelf({ keepMs: KEEP_MS, bytes: 100_000 })
    for (const name of ['a', 'b', 'c']) shelf.put(entryOf('accepted', name, 1))
    const seen = []
    for await (const { id } of shelf.unfinished()) {
      seen.push(id)
      shelf.put(entryOf('finished', 'b', 1))
      shelf.put(entryOf('accepted', `${id}-later`, 1))
    }
    expect(seen).toEqual(['a', 'c'])
  })

  it('reserves room for requests that are to be accepted before', () => {
    const shelf = new Shelf({ keepMs: KEEP_MS, bytes: 4_096 })
    expect(shelf.decide('accept', 'a', 1_024, 1_024)).toBe('change')
    expect(shelf.decide('accept', 'a', 1_024, 1_025)).toBe('full')
  })

  it('gives up a result that is larger than all its room', () => {
    const gone: string[] = []
    const shelf = new Shelf({ keepMs: KEEP_MS, bytes: 4_096 }, ({ id }) => gone.push(id))
    shelf.put(entryOf('finished', 'large', 5_000))
    expect([shelf.get('large'), gone, shelf.stats.bytes]).toEqual([undefined, ['large'], 0])
  })
})
