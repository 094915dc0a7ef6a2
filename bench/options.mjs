// The command line of the bench: read, checked, and explained.

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { CASES } from './cases.mjs'

/** This checkout's package. */
export const DIST = new URL('../dist/index.js', import.meta.url)

const ROUNDS = 5
const QUICK_ROUNDS = 2
const AGAINST_CASES = ['map-128', 'map-1k']

export const HELP = `Usage: npm run bench -- [options]

  --json                 one object a line: {case, contender, unit, median, min, max, ratio}
  --quick                fewer messages and rounds: all cases in at most 90 s
  --full                 Kafka: a million records a run
  --only case,…          these cases only; 'serve-*': all that begin so
  --contender x,…        these contenders only
  --rounds N             rounds that count, after one that is dropped (default ${ROUNDS}; with --quick ${QUICK_ROUNDS})
  --against <directory>  compare with another built checkout: ${AGAINST_CASES.join(', ')}
  --help

${Object.entries(CASES).map(describe).join('\n')}

A sample is a process of its own, warmed up by the first fifth of its messages (--quick: two fifths). The contenders take turns. Every result is
checked (count, checksum, acknowledgements): a wrong one ends in exit code 1, a slow one never does.
ratio: the median over the rounds of ours ÷ contender where more is better, of contender ÷ ours where less is.
`

function describe([name, { about, ours, counts, isOnlyNamed }]) {
  if (isOnlyNamed) return `  ${name.padEnd(9)} only where it is named: ${about}`
  const others = Object.keys(counts).filter((contender) => contender !== ours)
  return `  ${name.padEnd(9)} ${about}\n            ${ours}${others.length > 0 ? ` and ${others.join(', ')}` : ''}`
}

/** The command line can't be used. */
export class UsageError extends Error {}

/** Reads the arguments. Throws UsageError. */
export function readOptions(args) {
  const { values } = parse(args)
  if (values.help) return values
  const against = values.against === undefined ? undefined : resolve(values.against, 'dist/index.js')
  const known = against === undefined ? Object.keys(CASES) : AGAINST_CASES
  const cases =
    listOf(spelled(values.only, known), known, 'case') ?? known.filter((name) => !CASES[name].isOnlyNamed)
  const contenders = listOf(values.contender, contendersOf(cases), 'contender')
  const rounds = Number(values.rounds ?? (values.quick ? QUICK_ROUNDS : ROUNDS))
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new UsageError(`--rounds: '${values.rounds}', wanted a whole number from 1`)
  }
  if ((contenders ?? contendersOf(cases)).some((name) => name.startsWith('millrace'))) {
    checkBuilt(fileURLToPath(DIST))
  }
  if (against !== undefined) checkBuilt(against)
  return { ...values, cases, contenders, rounds, against: against && pathToFileURL(against).href }
}

/** A name that ends in an asterisk stands for all that begin so. */
function spelled(text, known) {
  return text?.replaceAll(/([^,]*)\*/g, (_, start) => known.filter((name) => name.startsWith(start)).join())
}

function contendersOf(cases) {
  return [...new Set(cases.flatMap((name) => Object.keys(CASES[name].counts)))]
}

function checkBuilt(path) {
  if (!existsSync(path)) throw new UsageError(`${path} is not there: build it first (npm run build)`)
}

function parse(args) {
  try {
    return parseArgs({
      args,
      options: {
        json: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        full: { type: 'boolean', default: false },
        only: { type: 'string' },
        contender: { type: 'string' },
        rounds: { type: 'string' },
        against: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw new UsageError(error.message)
  }
}

function listOf(text, known, what) {
  const names = text?.split(',').filter((name) => name !== '')
  const unknown = names?.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new UsageError(`no ${what} '${unknown}' here: there are ${known.join(', ')}`)
  return names
}
