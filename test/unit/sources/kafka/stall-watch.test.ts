import { expect, test } from 'vitest'
import { StallWatch } from '../../../../src/sources/kafka/stall-watch.js'

test('finds one that has stopped, and waits for its successor twice as long', () => {
  const watch = new StallWatch(100)
  watch.restart(0)
  expect(watch.look(true, 99)).toBe(false)
  expect(watch.look(true, 100)).toBe(true)
  expect(watch.look(true, 299)).toBe(false)
  expect(watch.look(true, 300)).toBe(true)
  expect(watch.count).toBe(2)
  watch.moved(300)
  expect(watch.look(true, 399)).toBe(false)
  expect(watch.look(true, 400)).toBe(true)
})

test('one that has nothing to read has not stopped', () => {
  const watch = new StallWatch(100)
  watch.restart(0)
  expect(watch.look(false, 1_000)).toBe(false)
  expect(watch.look(true, 1_050)).toBe(false)
  expect(watch.look(true, 1_100)).toBe(true)
})
