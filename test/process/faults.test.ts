// The quick set of the fault harness: `npm run faults` runs the same rows. SEED=… replays a run.

import { describe, expect, test } from 'vitest'
// @ts-expect-error: plain JavaScript
import { runRow } from './faults/row.mjs'
// @ts-expect-error
import { ROWS } from './faults/rows.mjs'
// @ts-expect-error
import { detailsOf } from './faults/table.mjs'

const TIMEOUT_MS = 180_000
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))

type Row = { id: string; name: string; isSoak?: boolean }
const rows = (ROWS as Row[]).filter(({ isSoak }) => isSoak !== true)

describe(`faults, seed ${seed}`, () => {
  for (const row of rows) {
    test(
      `${row.id} ${row.name}`,
      async ({ skip }) => {
        const result = await runRow(row, { size: 'quick', seed })
        const again = `npm run faults -- --quick --only ${row.id} --seed ${seed}`
        if (result.state === 'NOT RUN') skip(`NOT RUN: ${result.why}`)
        if (result.state === 'failed') console.log(detailsOf(result, again))
        expect(result.problems).toEqual([])
      },
      TIMEOUT_MS,
    )
  }
})
