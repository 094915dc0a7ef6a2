// Breaks real processes and threads, and checks the account of every message: `npm run faults`.

import { startRows } from './lanes.mjs'
import { optionsOf, USAGE } from './options.mjs'
import { runRow } from './row.mjs'
import { ROWS } from './rows.mjs'
import { detailsOf, lastLine, tableText } from './table.mjs'

process.exitCode = await main()

async function main() {
  if (process.argv.includes('--help')) {
    process.stdout.write(USAGE)
    return 0
  }
  let options
  try {
    options = optionsOf(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${error.message}\n${USAGE}`)
    return 2
  }
  const chosen = chosenOf(options)
  if (chosen.length === 0) {
    process.stderr.write(`--only: there are ${ROWS.map(({ id }) => id).join(', ')}\n`)
    return 2
  }
  const started = startRows(chosen, (row) => runRow(row, options), options.isAlone)
  const results = []
  for (const [row, promise] of started) {
    const result = await promise
    results.push(result)
    tell(row, result, options)
  }
  if (!options.isJson) process.stdout.write(`\n${tableText(results)}\n\n`)
  process.stdout.write(`${lastLine(options.seed, results)}\n`)
  return results.some(({ state }) => state === 'failed') ? 1 : 0
}

function tell(row, result, { size, seed, minutes, isJson }) {
  const mode = minutes > 0 ? `--soak ${minutes}` : `--${size}`
  const replay = `npm run faults -- ${mode} --only ${row.id} --seed ${seed}`
  process.stdout.write(
    isJson
      ? `${JSON.stringify({ ...result, replay })}\n`
      : `${row.id} ${row.name}\n${detailsOf(result, replay)}\n`,
  )
}

function chosenOf({ only, minutes }) {
  if (only.length > 0)
    return ROWS.filter(({ id }) => only.some((name) => id === name || id.startsWith(`${name}-`)))
  return ROWS.filter(({ isSoak = false }) => isSoak === minutes > 0)
}
