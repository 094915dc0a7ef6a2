// Plays the script of a seed: a topology made at random, with a model that knows what must come of each of its records.

import { seeded } from '../seeded.js'
import { heldBytes } from '../world-memory.js'
import type { WorldStory } from '../world-story.js'
import type { Played } from './campaign.js'
import { Coverage } from './coverage.js'
import { type Script, scriptOf } from './script.js'
import { scriptedTopology } from './scripted-topology.js'
import { nameIn } from './texts.js'
import { WatchedWorld } from './watched-world.js'

const EVENTS_MAX = 200_000
/** Whom it hits must not change what else happens in a seed. */
const CANCELS = 0x63616e63

/** Plays the script of a seed. */
export async function playScript(seed: number, story?: WorldStory): Promise<Played> {
  // Stacks go to the fallback as headers, and mailboxes are small here.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return await playScripted(seed, story)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

function playScripted(seed: number, story: WorldStory | undefined): Promise<Played> {
  const random = seeded(seed)
  const script = scriptOf(seed, random)
  const { capacityBytes, start, crashRate, deathsMax, focus, lostRate, slowRate, cancelRate } = script
  const { topology, sources } = scriptedTopology({
    script,
    random,
    world: () => watched.world,
    ledger: () => watched.ledger,
  })
  const watched: WatchedWorld = new WatchedWorld({
    topology,
    sources,
    random,
    story,
    nameOf: (message) => nameIn(message.text()),
    // What is nacked too often goes to the fallback, and not every script has one.
    ...(cancelRate > 0 && {
      cancels: { rate: cancelRate, random: seeded(seed ^ CANCELS), deliveriesMax: script.maxDeliveries - 2 },
    }),
    world: {
      capacityBytes,
      start,
      crashRate,
      deathsMax,
      ...(focus && { focus }),
      lostRate,
      delayMs: () => (random() < slowRate ? 20 + random() * 40 : random() < 0.5 ? 0 : random() * 4),
      eventsMax: EVENTS_MAX,
    },
  })
  const { ledger } = watched
  const coverage = new Coverage(script, ledger)
  ledger.missing = (giving) => coverage.missing(giving)
  ledger.order.pathOf = (name, level) => coverage.pathOf(name, level)
  ledger.mayNack = (giving) => coverage.mayNack(giving)
  story?.tell(0, 'script', JSON.stringify(script))
  return watched.play(seed, () => checkEnd(script, watched, coverage))
}

/** What can be said only when all is done. */
function checkEnd(script: Script, watched: WatchedWorld, coverage: Coverage): void {
  const { ledger, world } = watched
  const { broken } = ledger.options
  const acked = new Set<string>()
  for (const { verdict, position } of ledger.latest) if (verdict === 'acked') acked.add(position)
  for (let number = 0; number < script.count; number++)
    if (!acked.has(`${number % script.readers}:${number}`))
      broken('I1', `record ${number} was never acked, and the run is over`)
  for (const giving of ledger.all) {
    for (const offer of [...giving.offers.values()].flat()) {
      const wrong = offer.sink === 'fallback' ? coverage.unjustified(giving, offer) : undefined
      if (wrong !== undefined) broken('H1', wrong)
    }
  }
  if (ledger.hasResumed) return
  for (const name of ['dropped', 'filtered'] as const) {
    const decided = coverage.decided[name]
    if (watched.sum(name) < decided)
      broken('I10', `${decided} were ${name}, and ${watched.sum(name)} counted`)
  }
  const isQuiet = world.calls.size === 0 && world.lostRings === 0
  if (!isQuiet || world.threads.some(({ phase }) => phase === 'dead')) return
  world.plan.mailboxes.forEach(({ from, to }, i) => {
    const held = heldBytes(world.memory.mailboxes[i])
    if (held !== 0) broken('M5', `all is done, and the mailbox from ${from} to ${to} holds ${held} bytes`)
  })
}
