// Plays many seeds, one after the other, counts what happened, and tells the story of those that fail.

import { CRASH_POINTS, type CrashPoint } from '../../kernel/crash.js'
import type { DeathPlace } from '../world-deaths.js'
import { WorldStory } from '../world-story.js'
import { seedOfRun } from './seeds.js'

/** What one run came to. */
export type Played = {
  seed: number
  /** The same schedule has the same number. */
  schedule: number
  crashes: ReadonlyMap<DeathPlace, number>
  lostRings: number
  events: number
  /** Acks and nacks that the source was told. */
  settled: number
  /** Messages that sinks wrote, and those of them that they wrote again. */
  written: number
  duplicates: number
  failure: Error | undefined
}

export type CampaignFailure = {
  /** The seed that plays it again, as the only run. */
  seed: number
  error: Error
  /** What happened, as one would tell it: the end of it. */
  trace: readonly string[]
}

export type Campaign = {
  seed: number
  runs: number
  /** Different orders in which things happened. */
  schedules: number
  /** Threads that died. */
  crashes: number
  /** How often one died at each place. */
  places: ReadonlyMap<DeathPlace, number>
  lostRings: number
  events: number
  settled: number
  written: number
  duplicates: number
  failures: readonly CampaignFailure[]
}

export type CampaignOptions = {
  seed: number
  runs: number
  play: (seed: number, story: WorldStory | undefined) => Promise<Played>
  /** Says whether to go on; asked before each run but the first. */
  mayGoOn?: () => boolean
  /** Failures after which it ends. */
  failuresMax: number
}

/** Plays the seeds that follow from one. */
export async function playCampaign(options: CampaignOptions): Promise<Campaign> {
  const { seed, runs, play, failuresMax, mayGoOn = () => true } = options
  const schedules = new Set<number>()
  const places = new Map<DeathPlace, number>()
  const sums = { lostRings: 0, events: 0, settled: 0, written: 0, duplicates: 0 }
  const failures: CampaignFailure[] = []
  let run = 0
  for (; run < runs && failures.length < failuresMax && (run === 0 || mayGoOn()); run++) {
    const played = await play(seedOfRun(seed, run), undefined)
    schedules.add(played.schedule)
    for (const [place, count] of played.crashes) places.set(place, (places.get(place) ?? 0) + count)
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += played[name]
    if (played.failure !== undefined) failures.push(await retold(played, play))
  }
  let crashes = 0
  for (const count of places.values()) crashes += count
  return { seed, runs: run, schedules: schedules.size, crashes, places, ...sums, failures }
}

/** Plays a run that failed once more, and takes down what happens. */
async function retold({ seed, failure }: Played, play: CampaignOptions['play']): Promise<CampaignFailure> {
  const story = new WorldStory()
  const again = await play(seed, story)
  const error = failure as Error
  if (again.failure?.message === error.message) return { seed, error, trace: story.lines }
  const note =
    again.failure === undefined
      ? 'it did not fail when it was played again: handlers or sinks depend on more than their input'
      : `it failed in another way when it was played again (${again.failure.message}): handlers or sinks depend on more than their input`
  return { seed, error, trace: [...story.lines, note] }
}

/** Gives the crash points at which nobody died. */
export function pointsNotSeen({ places }: Campaign): CrashPoint[] {
  return CRASH_POINTS.filter((point) => !places.has(point))
}
