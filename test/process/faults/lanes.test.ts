// Rows that work are never side by side, those that mostly wait neither; one of each is.

import { expect, test } from 'vitest'
// @ts-expect-error: plain JavaScript
import { startRows } from './lanes.mjs'

type Row = { id: string; mostlyWaits?: boolean }
const rows: Row[] = [{ id: 'a' }, { id: 'b' }, { id: 'c', mostlyWaits: true }, { id: 'd', mostlyWaits: true }]

/** Runs each until it is told to end, and gives who was running at each beginning. */
async function play(isAlone: boolean): Promise<string[]> {
  const running = new Map<string, (result: string) => void>()
  const seen: string[] = []
  const run = ({ id }: Row) =>
    new Promise<string>((resolve) => {
      running.set(id, resolve)
      seen.push([...running.keys()].join(''))
    })
  const results: Map<Row, Promise<string>> = startRows(rows, run, isAlone)
  for (let ended = 0; ended < rows.length; ended++) {
    await new Promise((resolve) => setImmediate(resolve))
    const [[id, end]] = running
    running.delete(id)
    end(id)
  }
  expect(await Promise.all(results.values())).toEqual(['a', 'b', 'c', 'd'])
  return seen
}

test('one of each kind at once', async () => {
  expect(await play(false)).toEqual(['a', 'ac', 'cb', 'bd'])
})

test('or one alone', async () => {
  expect(await play(true)).toEqual(['a', 'b', 'c', 'd'])
})

test('one that fails holds up nobody', async () => {
  const run = ({ id }: Row) => (id === 'a' ? Promise.reject(new Error('no')) : Promise.resolve(id))
  const results: Map<Row, Promise<string>> = startRows(rows, run)
  const settled = await Promise.allSettled(results.values())
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled'])
})
