// The quick set of the fault harness: `npm run faults` runs the same rows. SEED=… replays a run.

import { describe, expect, type TestContext, test } from 'vitest'
// @ts-expect-error: plain JavaScript
import { startRows } from './faults/lanes.mjs'
// @ts-expect-error
import { runRow } from './faults/row.mjs'
// @ts-expect-error
import { ROWS } from './faults/rows.mjs'
// @ts-expect-error
import { detailsOf } from './faults/table.mjs'

/** Of all rows before it, too: each process under test has a limit of its own. */
const TIMEOUT_MS = 900_000
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))

type Row = { id: string; name: string; isSoak?: boolean }
type Result = { state: string; why: string; problems: string[] }

const titleOf = ({ id, name }: Row) => `${id} ${name}`
const rows = (ROWS as Row[]).filter(({ isSoak }) => isSoak !== true)

describe(`faults, seed ${seed}`, () => {
  let results: Map<Row, Promise<Result>> | undefined
  /** Those that were asked for, and no others. */
  function started({ task }: TestContext): Map<Row, Promise<Result>> {
    const titles = task.suite?.tasks.filter(({ mode }) => mode === 'run').map(({ name }) => name)
    const chosen = rows.filter((row) => titles?.includes(titleOf(row)))
    return startRows(chosen, (row: Row) => runRow(row, { size: 'quick', seed }))
  }

  for (const row of rows) {
    test(titleOf(row), { timeout: TIMEOUT_MS }, async (context) => {
      results ??= started(context)
      const result = (await results.get(row)) as Result
      const again = `npm run faults -- --quick --only ${row.id} --seed ${seed}`
      if (result.state === 'NOT RUN') context.skip(`NOT RUN: ${result.why}`)
      if (result.state === 'failed') console.log(detailsOf(result, again))
      expect(result.problems).toEqual([])
    })
  }
})
