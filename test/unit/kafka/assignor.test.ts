import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assignPartitions, type TopicSize } from '../../../src/kafka/assignor.js'

type Assigned = ReturnType<typeof assignPartitions>

const idsOf = (count: number) => Array.from({ length: count }, (_, i) => `millrace-${i}`)
const wanting = (ids: readonly string[], ...topics: string[]) => new Map(ids.map((id) => [id, topics]))
const countOf = (topics: ReadonlyMap<string, number[]>) => [...topics.values()].flat().length

function ownersOf(assigned: Assigned): Map<string, string> {
  const owners = new Map<string, string>()
  for (const [id, topics] of assigned)
    for (const [topic, partitions] of topics)
      for (const partition of partitions) {
        const place = `${topic}-${partition}`
        if (owners.has(place)) expect.fail(`${place} has two owners`)
        owners.set(place, id)
      }
  return owners
}

function movedBetween(before: Assigned, after: Assigned): number {
  const owners = ownersOf(after)
  return [...ownersOf(before)].filter(([place, id]) => owners.get(place) !== id).length
}

const members = fc.integer({ min: 1, max: 20 })
const topics = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 4 })
const named = (sizes: readonly number[]): TopicSize[] =>
  sizes.map((partitions, i) => ({ topic: `t${i}`, partitions }))

test('each partition has one owner, and nobody more than one partition above another', () => {
  fc.assert(
    fc.property(members, topics, (count, sizes) => {
      const assigned = assignPartitions(
        wanting(idsOf(count), ...named(sizes).map(({ topic }) => topic)),
        named(sizes),
      )
      expect(ownersOf(assigned).size).toBe(sizes.reduce((sum, size) => sum + size, 0))
      const counts = [...assigned.values()].map(countOf)
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
    }),
  )
})

test('whoever wants some topics only gets no other; what nobody wants is left', () => {
  const wants = fc.array(fc.subarray(['t0', 't1', 't2']), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(
      wants,
      fc.tuple(...['t0', 't1', 't2'].map(() => fc.integer({ min: 0, max: 30 }))),
      (each, sizes) => {
        const given = new Map(each.map((wanted, i) => [`m-${i}`, wanted]))
        const assigned = assignPartitions(given, named(sizes))
        expect([...assigned.keys()].sort()).toEqual([...given.keys()].sort())
        for (const [id, owned] of assigned)
          for (const topic of owned.keys()) expect(given.get(id)).toContain(topic)
        const wanted = named(sizes).filter(({ topic }) => each.flat().includes(topic))
        expect(ownersOf(assigned).size).toBe(wanted.reduce((sum, { partitions }) => sum + partitions, 0))
      },
    ),
  )
})

test('all say the same, in whatever order they hear of the members', () => {
  const ids = idsOf(7)
  const sizes = named([20, 3])
  const forth = assignPartitions(wanting(ids, 't0', 't1'), sizes)
  const back = assignPartitions(wanting(ids.toReversed(), 't1', 't0'), sizes.toReversed())
  expect(ownersOf(back)).toEqual(ownersOf(forth))
})

describe.each([
  [2, 6],
  [10, 60],
  [10, 1_000],
  [100, 1_000],
])('of %i members with %i partitions', (count, partitions) => {
  const sizes = named([partitions])
  const ids = idsOf(count)
  const all = assignPartitions(wanting(ids, 't0'), sizes)
  /** Besides what must move. */
  const OTHERS = Math.ceil(0.12 * partitions)

  test('one leaves: its own partitions move, and few others', () => {
    for (const left of ids) {
      const rest = ids.filter((id) => id !== left)
      const moved = movedBetween(all, assignPartitions(wanting(rest, 't0'), sizes))
      expect(moved).toBeGreaterThanOrEqual(Math.floor(partitions / count))
      expect(moved).toBeLessThanOrEqual(partitions / count + OTHERS)
    }
  })

  test('one comes: it gets its part, and few others move', () => {
    const more = assignPartitions(wanting([...ids, 'millrace-new'], 't0'), sizes)
    const part = partitions / (count + 1)
    expect(countOf(more.get('millrace-new') ?? new Map())).toBeGreaterThanOrEqual(Math.floor(part))
    expect(movedBetween(all, more)).toBeLessThanOrEqual(part + OTHERS)
  })
})
