// Millrace and its alternatives at the same work, on this machine: npm run bench -- --help

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CASES } from './cases.mjs'
import { interleave } from './harness.mjs'
import { DIST, HELP, readOptions, UsageError } from './options.mjs'
import { conditions, machine, rowsOf, tableOf } from './report.mjs'
import { KINDS } from './samples.mjs'

const QUICK_SHARE = 0.15
const AGAINST = '@against'
/** Kinds whose first round is dropped. */
const WARMED_UP = ['rate', 'startup', 'kafka', 'kafka-source', 'kafka-sink']

async function main() {
  const options = readOptions(process.argv.slice(2))
  if (options.help) return process.stdout.write(HELP)
  const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  const closers = []
  try {
    if (!options.json) print(machine())
    for (const name of options.cases) await runCase(name, options, directory, closers)
  } finally {
    for (const close of closers) await close()
    rmSync(directory, { recursive: true })
  }
}

async function runCase(name, options, directory, closers) {
  const { kind, about, roundsMin = 1, roundsMax = Infinity, quickMs } = CASES[name]
  const { metrics, prepare } = KINDS[kind]
  const counts = countsOf(name, options)
  if (Object.keys(counts).length === 0) return
  const rounds = Math.min(Math.max(options.rounds, roundsMin), roundsMax)
  if (!options.json) print(['', `${name}: ${about}`])
  const samples = await interleave(Object.keys(counts), {
    rounds,
    warmUp: WARMED_UP.includes(kind),
    budgetMs: options.quick ? quickMs : Infinity,
    sample: await prepare({
      case: name,
      counts,
      directory,
      quick: options.quick,
      baseOf,
      packageOf,
      /** Called when all cases are done. */
      atEnd: (close) => closers.push(close),
    }),
    onProgress: (contender, round) => progress(`${name} ${contender} ${round}/${rounds}`),
    onFailure(contender, error) {
      process.stderr.write(`${name} ${contender}: ${error.message}\n`)
      process.exitCode = 1
    },
  })
  progress('')
  if (samples.size === 0) return
  if (!options.json) print([conditions([...samples.values()][0])])
  for (const metric of metrics) {
    const rows = rowsOf(name, samples, metric, oursOf)
    print(options.json ? rows.map((row) => JSON.stringify(row)) : tableOf(rows, samples))
  }

  function oursOf(contender) {
    if (options.against !== undefined) return baseOf(contender)
    const { ours, rivals } = CASES[name]
    return rivals?.[contender] ?? ours
  }

  function packageOf(contender) {
    return contender.endsWith(AGAINST) ? options.against : DIST.href
  }
}

/** The contenders of a case that were asked for, with their number of messages. */
function countsOf(name, { contenders, against, quick, full }) {
  const { counts, quickContenders, full: fullCount } = CASES[name]
  const wanted = contenders ?? (quick ? quickContenders : undefined)
  const entries = Object.entries(counts)
    .filter(([contender]) => wanted === undefined || wanted.includes(contender))
    .map(([contender, count]) => [
      contender,
      Math.round(((full && fullCount) || count) * (quick ? QUICK_SHARE : 1)),
    ])
  if (against === undefined) return Object.fromEntries(entries)
  const ours = entries.filter(([contender]) => contender.startsWith('millrace'))
  return Object.fromEntries(
    ours.flatMap(([contender, count]) => [
      [contender, count],
      [contender + AGAINST, count],
    ]),
  )
}

function baseOf(contender) {
  return contender.endsWith(AGAINST) ? contender.slice(0, -AGAINST.length) : contender
}

function print(lines) {
  process.stdout.write(`${lines.join('\n')}\n`)
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

try {
  await main()
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`bench: ${error.message}\n`)
  process.exitCode = 2
}
