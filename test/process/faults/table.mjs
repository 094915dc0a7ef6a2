// The table at the end, for people or for programs.

const COLUMNS = [
  ['row', (row) => row.id],
  ['fault', (row) => row.name],
  ['state', (row) => row.state],
  ['runs', (row) => String(row.runs)],
  ['faults', (row) => String(row.faults)],
  ['messages', (row) => String(row.messages)],
  ['lost', (row) => String(row.lost)],
  ['duplicates', (row) => `${row.duplicates} (${row.bound})`],
  ['p50 ms', (row) => milliseconds(row.p50Ms)],
  ['p99 ms', (row) => milliseconds(row.p99Ms)],
  ['s', (row) => (row.tookMs / 1_000).toFixed(1)],
]

/** @param {import('./row.mjs').RowResult[]} rows */
export function tableText(rows) {
  const cells = [COLUMNS.map(([title]) => title), ...rows.map((row) => COLUMNS.map(([, give]) => give(row)))]
  const widths = COLUMNS.map((_, column) => Math.max(...cells.map((line) => line[column].length)))
  return cells
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** What a row has to say besides its line: notes, problems, and how to run it alone. @param {import('./row.mjs').RowResult} row */
export function detailsOf(row, replay) {
  const lines = row.notes.map((note) => `  ${note}`)
  if (row.state === 'NOT RUN') lines.push(`  NOT RUN: ${row.why}`)
  lines.push(...row.problems.map((problem) => `  PROBLEM ${problem}`))
  lines.push(`  seed ${row.seed}; again: ${replay}${row.folder ? `; left in ${row.folder}` : ''}`)
  return lines.join('\n')
}

/** The last line. @param {number} seed @param {import('./row.mjs').RowResult[]} rows */
export function lastLine(seed, rows) {
  const count = (state) => rows.filter((row) => row.state === state).length
  return `seed ${seed}, ${count('passed')} passed, ${count('failed')} failed, ${count('NOT RUN')} not run`
}

function milliseconds(ms) {
  return ms === undefined ? '-' : ms.toFixed(0)
}
