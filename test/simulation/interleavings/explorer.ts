// Explores all schedules of a scenario: from each state that is reached, each thread that can go on does. A schedule is run from
// its start; a state that was reached before is not explored again, for what follows depends on the state alone.
// Schedules with few switches between threads come first, so that the first failure found has a short story.

import { type Entry, Lockstep } from './lockstep.js'
import { createStage, type Scenario } from './scenario.js'

export type Failure = { what: string; story: readonly Entry[] }
export type Explored = {
  /** Executions from the start. */
  runs: number
  states: number
  /** Accesses, repeated ones included. */
  steps: number
  /** All paths through the steps that were made: where nothing was reduced, all schedules there are. Of a failed exploration: 0. */
  schedules: bigint
  /** Length of the longest of them. */
  longest: number
  failure?: Failure
}

/** The threads that moved, one a step: a linked list, for most of it is shared. */
type Path = { thread: number; before: Path | undefined; length: number }
/** `from`: the state before its last step. `asleep`: a bit for each thread that need not move next. */
type Start = { path: Path | undefined; from: number; asleep: number }

const STEPS_MAX = 1500

/** Resolves with the first failure found, or when there is nothing left to explore. `reduces`: spares what sleep sets spare. */
export async function explore(scenario: Scenario, kernel: string, reduces = true): Promise<Explored> {
  const lockstep = await Lockstep.open(createStage(scenario), kernel)
  try {
    return await new Explorer(lockstep, reduces).run()
  } finally {
    await lockstep.close()
  }
}

class Explorer {
  private readonly lockstep: Lockstep
  /** Numbers of the states, and the states that follow each. */
  private readonly states = new Map<string, number>()
  private readonly followers: number[][] = []
  /** The threads that did not move from each state, because they need not: a bit for each. */
  private readonly spared: number[] = []
  /** What is to be run, by the number of its switches. */
  private readonly todo: Start[][] = []
  private readonly reduces: boolean
  private steps = 0
  private runs = 0

  constructor(lockstep: Lockstep, reduces: boolean) {
    this.lockstep = lockstep
    this.reduces = reduces
  }

  async run(): Promise<Explored> {
    this.add({ path: undefined, from: -1, asleep: 0 })
    for (let start = this.next(); start !== undefined; start = this.next()) {
      const failed = this.execute(start)
      if (failed !== undefined) return this.explored({ what: failed.what, story: this.tell(failed.path) })
      // The test runner wants to hear of its process now and then.
      if (this.runs % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    return this.explored()
  }

  /** Runs one schedule, as far as it is new. */
  private execute({
    path: prefix,
    from,
    asleep: prefixAsleep,
  }: Start): { what: string; path: Path | undefined } | undefined {
    const { lockstep } = this
    this.runs++
    lockstep.begin()
    this.replay(prefix)
    let path = prefix
    let before = from
    let asleep = prefixAsleep
    for (;;) {
      const what = lockstep.failure()
      if (what !== undefined) return { what, path }
      const { number, left } = this.reach(asleep, path?.thread)
      if (before >= 0) this.followers[before].push(number)
      if (left === 'end') {
        const missing = this.missing()
        return missing === undefined ? undefined : { what: missing, path }
      }
      if (left.length === 0) return undefined
      if ((path?.length ?? 0) >= STEPS_MAX) return { what: 'the threads go on for ever', path }
      const asleepAfter = left.map((_, i) => this.asleepAfter(left, i, asleep))
      for (let i = 1; i < left.length; i++)
        this.add({ path: extended(path, left[i]), from: number, asleep: asleepAfter[i] })
      path = extended(path, left[0])
      asleep = asleepAfter[0]
      lockstep.step(left[0])
      this.steps++
      before = number
    }
  }

  /**
   * Those that need not move after the i-th of them did: they moved before it elsewhere, which gives the same.
   * (Sleep sets, with state matching: Godefroid 1996. They spare steps, and lose no state.)
   */
  private asleepAfter(left: readonly number[], i: number, asleep: number): number {
    if (!this.reduces) return 0
    let after = 0
    for (let thread = 0; thread < this.lockstep.threadCount; thread++) {
      const isCandidate = (asleep & (1 << thread)) !== 0 || left.slice(0, i).includes(thread)
      if (isCandidate && this.lockstep.areIndependent(thread, left[i])) after |= 1 << thread
    }
    return after
  }

  private replay(prefix: Path | undefined): void {
    const threads = threadsOf(prefix)
    this.steps += threads.length
    for (let from = 0; from < threads.length; ) {
      let to = from + 1
      while (to < threads.length && threads[to] === threads[from]) to++
      this.lockstep.step(threads[from], to - from)
      from = to
    }
  }

  /** Gives the number of the state that it stands at, and the threads which have to move from there and did not yet. */
  private reach(asleep: number, last: number | undefined): { number: number; left: number[] | 'end' } {
    const state = this.lockstep.state()
    const enabled = this.enabled(last)
    const known = this.states.get(state)
    if (known === undefined) {
      const number = this.states.size
      this.states.set(state, number)
      this.followers.push([])
      this.spared.push(asleep)
      if (enabled.length === 0) return { number, left: 'end' }
      return { number, left: enabled.filter((thread) => (asleep & (1 << thread)) === 0) }
    }
    const due = this.spared[known] & ~asleep
    this.spared[known] &= asleep
    return { number: known, left: enabled.filter((thread) => (due & (1 << thread)) !== 0) }
  }

  /** The threads that can go on; the one that moved last is the first of them. */
  private enabled(last: number | undefined): number[] {
    const enabled: number[] = []
    for (let thread = 0; thread < this.lockstep.threadCount; thread++)
      if (this.lockstep.isEnabled(thread)) enabled.push(thread)
    return enabled.sort((a, b) => Number(b === last) - Number(a === last))
  }

  /** Nobody can go on: says what was left undone. */
  private missing(): string | undefined {
    const left: string[] = []
    this.lockstep.stage.roles.forEach(({ name, goal }, thread) => {
      const { placed, taken } = this.lockstep.progress(thread)
      if (goal.placed > 0 && placed < goal.placed) left.push(`${name} has placed ${placed} of ${goal.placed}`)
      if (taken < goal.taken) left.push(`${name} has taken ${taken} of ${goal.taken}`)
    })
    return left.length === 0 ? undefined : `lost wake-up: all threads sleep, and ${left.join(', ')}`
  }

  private add(start: Start): void {
    const switches = switchesOf(start.path)
    while (this.todo.length <= switches) this.todo.push([])
    this.todo[switches].push(start)
  }

  private next(): Start | undefined {
    return this.todo.find((starts) => starts.length > 0)?.pop()
  }

  /** Runs a schedule again, one access at a time. */
  private tell(path: Path | undefined): Entry[] {
    const { lockstep } = this
    lockstep.begin()
    return threadsOf(path).flatMap((thread) => {
      lockstep.step(thread)
      return lockstep.entries(thread)
    })
  }

  private explored(failure?: Failure): Explored {
    const { schedules, longest } = failure ? { schedules: 0n, longest: 0 } : paths(this.followers)
    return { runs: this.runs, states: this.states.size, steps: this.steps, schedules, longest, failure }
  }
}

function extended(before: Path | undefined, thread: number): Path {
  return { thread, before, length: (before?.length ?? 0) + 1 }
}

function threadsOf(path: Path | undefined): number[] {
  const threads: number[] = []
  for (let at = path; at !== undefined; at = at.before) threads.push(at.thread)
  return threads.reverse()
}

function switchesOf(path: Path | undefined): number {
  let switches = 0
  for (let at = path; at?.before !== undefined; at = at.before) if (at.thread !== at.before.thread) switches++
  return switches
}

/** Counts the paths from state 0 to the ends, and the steps of the longest. A circle would be threads that go on for ever. */
function paths(followers: readonly (readonly number[])[]): { schedules: bigint; longest: number } {
  const counts = new Map<number, { schedules: bigint; longest: number }>()
  const open = new Set<number>()
  const todo = [0]
  while (todo.length > 0) {
    const state = todo[todo.length - 1]
    const left = followers[state].filter((next) => !counts.has(next))
    if (left.length > 0) {
      if (left.some((next) => open.has(next))) throw new Error('the threads can go in a circle for ever')
      open.add(state)
      todo.push(left[0])
      continue
    }
    todo.pop()
    open.delete(state)
    let schedules = followers[state].length === 0 ? 1n : 0n
    let longest = 0
    for (const next of followers[state]) {
      const count = counts.get(next) as { schedules: bigint; longest: number }
      schedules += count.schedules
      longest = Math.max(longest, count.longest + 1)
    }
    counts.set(state, { schedules, longest })
  }
  return counts.get(0) as { schedules: bigint; longest: number }
}
