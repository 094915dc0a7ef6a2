import { expect, test } from 'vitest'
import { assignRoundRobin } from '../../../src/kafka/assignor.js'

test('partitions of all topics go round', () => {
  const members = new Map([
    ['b', ['t', 'u']],
    ['a', ['t', 'u']],
  ])
  const topics = [
    { topic: 'u', partitions: 2 },
    { topic: 't', partitions: 3 },
  ]
  const assigned = assignRoundRobin(members, topics)
  expect(Object.fromEntries(assigned.get('a') ?? [])).toEqual({ t: [0, 2], u: [1] })
  expect(Object.fromEntries(assigned.get('b') ?? [])).toEqual({ t: [1], u: [0] })
})

test('a member gets only what it wants, and one without anything is there', () => {
  const members = new Map([
    ['a', ['t']],
    ['b', ['u']],
    ['c', ['t']],
  ])
  const assigned = assignRoundRobin(members, [{ topic: 't', partitions: 1 }])
  expect(Object.fromEntries(assigned.get('a') ?? [])).toEqual({ t: [0] })
  expect([...assigned.keys()]).toEqual(['a', 'b', 'c'])
  expect(assigned.get('b')?.size).toBe(0)
})
