// Random topologies in a world, thousands of schedules, deaths anywhere: npm run simulate -- --help
// It runs what is built. Exit code 1 where a run has failed, or where nothing was injected; 2 for options that cannot be meant.

import { parseArgs } from 'node:util'

const folder = new URL('../../dist/testing/simulation/', import.meta.url)
const { playCampaign, pointsNotSeen } = await import(new URL('campaign.js', folder).href)
const { playScript } = await import(new URL('play-script.js', folder).href)
const { checkSeed } = await import(new URL('seeds.js', folder).href)

const RUNS = 2_000
/** Failing seeds after which it ends. */
const FAILURES_MAX = 5
const HELP = `Usage: npm run simulate -- [options]

  --seed <number>      of the first run; default: one at random. What it does is the same each time
  --runs <count>       default ${RUNS}; with --minutes, as many as there is time for
  --minutes <number>   ends after so long
  --failures <count>   ends after so many failing seeds; default ${FAILURES_MAX}
  --json               one object, on one line
  --verbose            each seed on stderr, before it is played
`

process.exitCode = await main(process.argv.slice(2))

async function main(args) {
  let options
  try {
    options = optionsOf(args)
  } catch (error) {
    console.error(error.message)
    return 2
  }
  if (options.help) {
    process.stdout.write(HELP)
    return 0
  }
  const { seed, runs, minutes, failures, json, verbose } = options
  const endMs = performance.now() + minutes * 60_000
  let current = seed
  process.on('unhandledRejection', (error) => {
    // An actor that fails in a promise's reaction: nobody can catch it there.
    const message = `it crashed: ${error?.stack ?? error}`
    const failure = { seed: current, error: new Error(message), trace: [] }
    report({ seed, runs: 0, schedules: 0, crashes: 0, places: new Map(), failures: [failure] }, json)
    process.exit(1)
  })
  const campaign = await playCampaign({
    seed,
    runs,
    play: (each, story) => {
      // Before it is played: one that hangs is the last one told of.
      if (verbose) process.stderr.write(`${each}\n`)
      current = each
      return playScript(each, story)
    },
    failuresMax: failures,
    mayGoOn: () => performance.now() < endMs,
  })
  report(campaign, json)
  if (campaign.failures.length > 0) return 1
  if (campaign.crashes + campaign.lostRings > 0) return 0
  console.error(
    'Nothing was injected: nobody died and no wake-up was lost, so nothing was proved. Give more --runs.',
  )
  return 1
}

function optionsOf(args) {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: 'string' },
      runs: { type: 'string' },
      minutes: { type: 'string' },
      failures: { type: 'string', default: String(FAILURES_MAX) },
      json: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  })
  const minutes =
    values.minutes === undefined ? Number.POSITIVE_INFINITY : positive('minutes', values.minutes)
  // With a time, as many as there is time for.
  const runsDefault = values.minutes === undefined ? RUNS : Number.MAX_SAFE_INTEGER
  const runs = values.runs === undefined ? runsDefault : positive('runs', values.runs)
  if (!Number.isInteger(runs)) throw new Error(`--runs: got ${values.runs}, wanted a whole number from 1`)
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed)
  checkSeed(/^\d+$/.test(values.seed ?? '0') ? seed : values.seed)
  const failures = positive('failures', values.failures)
  return { seed, runs, minutes, failures, json: values.json, verbose: values.verbose, help: values.help }
}

function positive(name, text) {
  const number = Number(text)
  if (text.trim() !== '' && number > 0) return number
  throw new Error(`--${name}: got ${JSON.stringify(text)}, wanted a number above 0`)
}

function report(campaign, json) {
  if (json) console.log(JSON.stringify(recordOf(campaign)))
  else print(campaign)
}

function print(campaign) {
  const {
    seed,
    runs,
    schedules,
    crashes,
    places,
    failures,
    settled,
    written,
    duplicates,
    lostRings,
    events,
  } = campaign
  for (const failure of failures) {
    console.log(`\n${failure.trace.join('\n')}\n\n${failure.error.message}`)
    console.log(`Run it again: npm run simulate -- --seed ${failure.seed} --runs 1\n`)
  }
  console.log('died at                      times')
  for (const [place, count] of [...places].sort(([, one], [, other]) => other - one))
    console.log(`${place.padEnd(26)} ${String(count).padStart(7)}`)
  const unseen = pointsNotSeen(campaign)
  if (unseen.length > 0) console.log(`nobody died at ${unseen.join(', ')}`)
  console.log(
    `${events} events, ${settled} records settled, ${written} messages written, ${duplicates} of them again, ${lostRings} wake-ups lost`,
  )
  console.log(
    `seed ${seed}, runs ${runs}, schedules ${schedules}, crashes ${crashes}, failures ${failures.length}`,
  )
}

function recordOf({ failures, places, ...rest }) {
  const told = failures.map(({ seed, error, trace }) => ({
    seed,
    error: error.message,
    again: `npm run simulate -- --seed ${seed} --runs 1`,
    trace,
  }))
  return { ...rest, places: Object.fromEntries(places), failures: told }
}
