// A rolling deploy of a consumer group, from event to event: processes stop, leave and join, the coordinator waits until all have
// joined again, and meanwhile records come. Rebalances are eager, as both clients have them: who hears of one reads nothing until
// it knows what is its own. What a process has in memory, and goes on with meanwhile, is not counted: it does better than this.
// Records come and are read evenly; nothing is left to chance.

import { Timeline } from './timeline.mjs'

/** group.initial.rebalance.delay.ms of the brokers: for that long they wait for more, where a group was empty. */
const EMPTY_DELAY_MS = 3_000
/** Of processes that have run for long, any two send their heartbeats at different times. */
const GOLDEN = 0.618

/**
 * Times in ms, `rate` and `rateOfOne` in records a ms. `atOnce`: how many are replaced at a time. `isStatic`: they keep their place
 * in the group. Gives the most lag in ms of traffic, and how long it takes to make up for what is left at the end.
 */
export function rollingDeploy(options) {
  const { processes, atOnce, drainMs, startMs, readyMs, isStatic } = options
  const timeline = new Timeline()
  const group = new Group(options, timeline)
  const old = [...group.members]
  let takesMs = 0
  const replaceNext = () => {
    const member = old.shift()
    if (member === undefined) return
    group.stop(member)
    const isBack = () => {
      takesMs = timeline.nowMs
      timeline.after(readyMs, replaceNext)
    }
    if (!isStatic) timeline.after(drainMs, () => group.leave(member))
    timeline.after(drainMs + startMs, () => (isStatic ? group.comeBack(member, isBack) : group.join(isBack)))
  }
  for (let i = 0; i < Math.min(atOnce, processes); i++) timeline.after(0, replaceNext)
  timeline.run()
  const { rebalances, lagMax } = group
  return { rebalances, takesMs, lagMaxMs: lagMax / options.rate, madeUpMs: group.madeUpMs() }
}

class Group {
  rebalances = 0
  lagMax = 0
  members
  #options
  #timeline
  #joining = []
  #state = 'stable'
  #cancel = () => {}
  #waitsUntilMs = 0

  constructor(options, timeline) {
    this.#options = options
    this.#timeline = timeline
    this.members = Array.from({ length: options.processes }, newMember)
    this.#shareOut(0)
    for (const [i, member] of this.members.entries())
      member.beatsFromMs = -((i * GOLDEN) % 1) * options.heartbeatMs
  }

  /** It drains: it reads no more, and is still a member. */
  stop(member) {
    member.isStopping = true
    this.#readUntil(member, this.#timeline.nowMs)
  }

  leave(member) {
    member.isHere = false
    this.#change()
  }

  join(isBack) {
    this.#joining.push(isBack)
    this.#change()
  }

  /** A static member: the coordinator knows its name, and gives it what it had. */
  comeBack(member, isBack) {
    this.#timeline.after(this.#options.syncMs, () => {
      this.#count()
      member.readsUntilMs = Infinity
      isBack()
    })
  }

  /** How long they need for what waits, each for its own. */
  madeUpMs() {
    const { rate, rateOfOne } = this.#options
    return Math.max(...this.members.map(({ lag, share }) => lag / (rateOfOne - rate * share)))
  }

  /** The coordinator lets all join again; each hears of it in the answer to its next heartbeat. */
  #change() {
    const { nowMs } = this.#timeline
    const { heartbeatMs, syncMs } = this.#options
    // Who waits to be told what is its own is told to join again at once.
    const here = this.#state === 'syncing' ? [] : this.members.filter(({ isHere }) => isHere)
    if (this.#state === 'stable') {
      for (const member of this.members) {
        member.hearsMs = nowMs + heartbeatMs - ((nowMs - member.beatsFromMs) % heartbeatMs)
        this.#readUntil(member, member.hearsMs)
      }
      if (here.length === 0) this.#waitsUntilMs = nowMs + EMPTY_DELAY_MS
    }
    this.#state = 'joining'
    this.#cancel()
    const lastMs = Math.max(nowMs, this.#waitsUntilMs, ...here.map(({ hearsMs }) => hearsMs))
    this.#cancel = this.#timeline.after(lastMs - nowMs, () => {
      this.#state = 'syncing'
      this.#cancel = this.#timeline.after(syncMs, () => this.#assign())
    })
  }

  #assign() {
    this.#state = 'stable'
    this.rebalances++
    const joined = this.#joining.splice(0)
    const lag = this.#count()
    this.members = [...this.members.filter(({ isHere }) => isHere), ...joined.map(newMember)]
    // Nobody is left: what comes waits for whoever joins.
    if (this.members.length === 0) this.members.push({ isHere: false, isStopping: true })
    this.#shareOut(lag)
    for (const isBack of joined) isBack()
  }

  /** The partitions of who left are spread, and what waits with them. From now on all send their heartbeats together. */
  #shareOut(lag) {
    const { nowMs } = this.#timeline
    const share = 1 / this.members.length
    for (const member of this.members) {
      const readsUntilMs = member.isStopping ? nowMs : Infinity
      Object.assign(member, { share, lag: lag * share, readsUntilMs, countedMs: nowMs, beatsFromMs: nowMs })
    }
  }

  #readUntil(member, ms) {
    this.#countOf(member)
    member.readsUntilMs = Math.min(member.readsUntilMs, ms)
  }

  /** Gives all that waits. */
  #count() {
    for (const member of this.members) this.#countOf(member)
    const lag = this.members.reduce((sum, member) => sum + member.lag, 0)
    this.lagMax = Math.max(this.lagMax, lag)
    return lag
  }

  #countOf(member) {
    const { rate, rateOfOne } = this.#options
    const { nowMs } = this.#timeline
    const readMs = Math.max(0, Math.min(nowMs, member.readsUntilMs) - member.countedMs)
    const comes = rate * member.share
    const restMs = nowMs - member.countedMs - readMs
    member.lag = Math.max(0, member.lag + readMs * (comes - rateOfOne)) + restMs * comes
    member.countedMs = nowMs
  }
}

function newMember() {
  return { isHere: true, isStopping: false }
}
