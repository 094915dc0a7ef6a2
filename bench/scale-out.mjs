// What a consumer group of many processes costs, and what a new version of it does: node bench/scale-out.mjs --help
// It calculates and simulates; no broker is needed. The tables are those of docs/scaling.md.

import { parseArgs } from 'node:util'
import { ASSUMED, costTable, deployTable, madeUpTable, sizingTable } from './scale-out/tables.mjs'

const HELP = `Usage: node bench/scale-out.mjs [options]

Each option is a number; --processes may be a list. Times in ms.

${Object.entries(ASSUMED)
  .map(([name, value]) => `  --${name.padEnd(14)} default ${[value].flat().join(',')}`)
  .join('\n')}
`

function optionsFrom(args) {
  const names = Object.fromEntries(Object.keys(ASSUMED).map((name) => [name, { type: 'string' }]))
  const { values } = parseArgs({ args, options: { ...names, help: { type: 'boolean' } } })
  if (values.help) return undefined
  const given = Object.entries(values).map(([name, text]) => {
    const numbers = text.split(',').map(Number)
    if (!numbers.every((number) => number > 0))
      throw new Error(`--${name}: got ${text}, wanted numbers above 0`)
    return [name, Array.isArray(ASSUMED[name]) ? numbers : numbers[0]]
  })
  return { ...ASSUMED, ...Object.fromEntries(given) }
}

function main() {
  const options = optionsFrom(process.argv.slice(2))
  if (options === undefined) return process.stdout.write(HELP)
  const tables = [sizingTable, madeUpTable, costTable, deployTable]
  process.stdout.write(`${tables.map((table) => table(options)).join('\n\n')}\n`)
}

try {
  main()
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}
