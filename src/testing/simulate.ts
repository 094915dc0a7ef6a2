// Simulation of a topology: thousands of schedules with deaths of threads anywhere, in one loop, each of which can be played again.

import { systemRandom } from '../kernel/clock.js'
import { MillraceError } from '../kernel/failure.js'
import { isTopology } from '../topology/define.js'
import type { Topology } from '../topology/types.js'
import { playCampaign } from './simulation/campaign.js'
import { TopologyPlayer } from './simulation/play-topology.js'
import { checkSeed } from './simulation/seeds.js'
import type { SimulateOptions, SimulateResult } from './simulation/simulate-options.js'

/**
 * Plays a topology in many schedules, in one loop and without waiting: its own handlers and sinks, the real actors and mailboxes,
 * a clock that jumps, and threads that die at any moment, between any two stores that matter, and are succeeded.
 *
 * It fails where a record is acked though a sink was left with some of it (I1), where a message is written again without a
 * fault that explains it (I3), where order is broken (I4), where nothing moves any more (I7), where a value changes while it
 * is read (M5), where counts do not add up (I10); and where a run comes to anything else than the run without faults that is
 * played first (`compare`). What a sink says of itself is believed, unless `accepted` says what is really there.
 *
 * Give `messages`, or a function that makes the topology anew with a fresh source. `open` of sources and sinks is called in each
 * life of their thread, on the same objects. A promise of a handler or sink is waited for; its actor is told some time later.
 *
 * Rejects with an Error that holds the seed, what was broken and the story of it, or gives it in `failures`; ERR_CONFIG for options
 * that cannot be meant. To play a failed run again: `simulate(topology, { seed, runs: 1 })` with the other options as they were.
 */
export async function simulate(
  topology: Topology | ((random: () => number) => Topology),
  options: SimulateOptions = {},
): Promise<SimulateResult> {
  const { seed = Math.floor(systemRandom() * 2 ** 32), runs = 100, messages, onFailure = 'throw' } = options
  checkSeed(seed)
  const make = makerOf(topology, runs, messages !== undefined)
  const player = new TopologyPlayer(make, options)
  const plain = await player.playPlain(seed)
  const campaign =
    plain.failure !== undefined
      ? {
          seed,
          runs: 0,
          schedules: 0,
          crashes: 0,
          failures: [{ seed, error: plain.failure, trace: ['it failed in the run without faults'] }],
        }
      : await playCampaign({ seed, runs, play: (each, story) => player.play(each, story), failuresMax: 1 })
  const [failure] = campaign.failures
  if (failure !== undefined && onFailure === 'throw') {
    const again = `simulate(topology, { seed: ${failure.seed}, runs: 1 })`
    throw new Error(`${failure.error.message}\nRun it again: ${again}\n${failure.trace.join('\n')}`, {
      cause: failure.error,
    })
  }
  return {
    seed,
    runs: campaign.runs,
    schedules: campaign.schedules,
    crashes: campaign.crashes,
    failures: campaign.failures,
  }
}

function makerOf(
  topology: Topology | ((random: () => number) => Topology),
  runs: number,
  hasMessages: boolean,
): (random: () => number) => Topology {
  if (!Number.isInteger(runs) || runs < 1)
    throw new MillraceError('ERR_CONFIG', `runs: got ${runs}, wanted a whole number from 1`)
  if (typeof topology === 'function') return topology
  if (!isTopology(topology))
    throw new MillraceError(
      'ERR_CONFIG',
      'simulate: wanted a topology that defineTopology made, or a function that gives one',
    )
  if (!hasMessages)
    throw new MillraceError(
      'ERR_CONFIG',
      'simulate: each run reads the source again: give `messages`, or a function that makes the topology with a fresh source',
    )
  return () => topology
}
