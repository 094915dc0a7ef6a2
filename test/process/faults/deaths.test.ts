// Planned deaths that did not take place are seen; one that another forestalled is none of them.

import { expect, test } from 'vitest'
// @ts-expect-error: plain JavaScript
import { deathProblems } from './deaths.mjs'

const planned: [number, string][] = [
  [100, 'exit'],
  [200, 'lateExit'],
]
const event = (word: string, more: string) => ({ word, more })
const begun = [event('begun', '0 7 100 exit'), event('begun', '1 8 200 lateExit')]
const died = [event('death', '0 7 100 exit'), event('death', '1 8 200 lateExit')]

test('all of them took place', () => {
  expect(deathProblems([...begun, ...died], planned)).toEqual([])
})

test('one was forestalled by the end of its thread', () => {
  const events = [event('begun', '0 7 100 exit'), event('begun', '0 7 200 lateExit'), died[0]]
  expect(deathProblems(events, planned)).toEqual([])
})

test('one never began, began twice, or in another way', () => {
  const one = ['deaths that began: 100 exit; wanted: 100 exit, 200 lateExit']
  expect(deathProblems([begun[0], died[0]], planned)).toEqual(one)
  const twice = ['deaths that began: 100 exit, 100 exit, 200 lateExit; wanted: 100 exit, 200 lateExit']
  expect(deathProblems([...begun, begun[0], ...died], planned)).toEqual(twice)
  expect(deathProblems([...begun, ...died], [planned[0], [200, 'timer']])).toHaveLength(1)
})

test('one began, and its thread went on', () => {
  expect(deathProblems([...begun, died[0]], planned)).toEqual(['began to die, and nobody died: 200 lateExit'])
  // The same place in the stage, an earlier thread.
  const earlier = event('death', '1 6 100 exit')
  expect(deathProblems([...begun, earlier], planned)).toEqual(['began to die, and nobody died: 200 lateExit'])
})
