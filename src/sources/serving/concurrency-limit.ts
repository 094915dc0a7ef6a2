// How many requests may be in flight: found by trials. A trial changes their number, and looks at what that does to their latency:
// where it grows with the number they only wait for each other, and fewer are answered as fast; where it does not, more may come.
// The latency alone never decides: a slow service and a crowded one look the same.
// Times are given: it reads no clock. It allocates nothing for an answer, and the limit is always within its bounds.

import { checkInteger, checkNames, unusable } from '../../kernel/options.js'

export type ConcurrencyLimitOptions = {
  /** So many may always be in flight. Two for each handler that can work at once are the least that keep all of them busy. */
  min?: number
  max?: number
  /** Default: twice min. */
  initial?: number
  /** Up to this typical latency nobody is refused for waiting. */
  calmMs?: number
}

const DEFAULTS = { min: 64, max: 1_024, initialPerMin: 2, calmMs: 10 }
const NAMES = ['min', 'max', 'initial', 'calmMs']
const COUNT_MAX = 1_048_576
const CALM_MS_MAX = 60_000
const LATENCY_MS_MAX = 1e9

/** A trial changes the number in flight by this factor. */
const STEP = 0.75
/** The share of the change that must show in the latency to be called waiting: none does where nobody waits, all where all do. */
const WAITING = 0.5
/** Smaller changes say nothing. This, as all latencies and changes, is a logarithm. */
const CONTRAST = -Math.log(STEP) / 2
/** So many more are far from where they were: a step and a half. */
const STRAYED = -1.5 * Math.log(STEP)
/** A latency higher by this than the accepted one is a reason for a trial at once. */
const CHANGED = Math.log(2)
/** The share of a fall of the latency that is accepted at once. */
const BELIEF = 0.25
/** While it is calm, a window raises the limit by a factor within these, as far as it is from the end of the calm. */
const GROWTH_MIN = 1.1
const GROWTH_MAX = 1.5
/** Answers in a window: several for each in flight, as those see each other, */
const LAPS = 4
/** and as many as the mean needs for this standard error, in these bounds. */
const ERROR = 0.03
const WINDOW_MIN = 256
const WINDOW_MAX = 8_192
/** Windows without a trial after one that changed nothing; each time twice as many. */
const REST = 4
const REST_MAX = 64
/** Where more than one in so many timed out, there is too much in flight, whatever the others say. */
const TIMED_OUT = 10

export class ConcurrencyLimit {
  readonly min: number
  readonly max: number
  /** How many may be in flight. */
  limit: number
  private readonly calm: number

  // The window.
  private answered = 0
  private timedOut = 0
  /** Answers that came while all places were taken. */
  private full = 0
  private sumInFlight = 0
  /** Of roots: so a slow answer in a hundred weighs little, and a short wait before a short answer too. */
  private sumRoots = 0
  private sumLatency = 0
  private size = WINDOW_MIN
  /** Answers still to come to what was let in under the limit before. */
  private stale = 0

  private latency = -Infinity
  private lastInFlight = 0
  /** The latency at the end of the last trial that changed nothing. */
  private accepted = -Infinity
  private rest = 0
  private nextRest = REST
  /** A window that had much room. */
  private readonly roomy = { latency: Infinity, inFlight: Infinity }
  /** The fewer of a trial that saw requests wait for each other. */
  private readonly crowd = { latency: -Infinity, inFlight: Infinity }
  private isTrial = false
  /** The trial goes back to the crowd. */
  private isReturn = false
  /** The window that a trial compares with. */
  private readonly before = { latency: 0, inFlight: 0, limit: 0, full: 0 }
  /** The last trial saw nobody wait. */
  private isFlat = false

  /** Throws ERR_CONFIG for unusable options; `where` names them. */
  constructor(options: ConcurrencyLimitOptions = {}, where = 'limit') {
    checkNames(where, options, NAMES, '{ min: 64, max: 1024 }')
    const { min = DEFAULTS.min } = options
    checkInteger(`${where}.min`, min, 1, COUNT_MAX)
    const { max = Math.max(min, DEFAULTS.max), calmMs = DEFAULTS.calmMs } = options
    checkInteger(`${where}.max`, max, min, COUNT_MAX)
    const { initial = Math.min(max, min * DEFAULTS.initialPerMin) } = options
    checkInteger(`${where}.initial`, initial, min, max)
    if (!(calmMs >= 0 && calmMs <= CALM_MS_MAX))
      throw unusable(`${where}.calmMs`, calmMs, 'milliseconds from 0 to 60,000')
    this.min = min
    this.max = max
    this.limit = initial
    this.calm = Math.log(calmMs)
  }

  /** How long a typical request was in flight lately; 0: not known yet. */
  get latencyMs(): number {
    return Math.exp(this.latency)
  }

  /** A request was answered after so long; `inFlight` counts it, too. What can be neither is ignored. */
  observe(latencyMs: number, inFlight: number): void {
    if (!(latencyMs > 0 && latencyMs <= LATENCY_MS_MAX && this.isCurrent(inFlight))) return
    this.sumRoots += Math.sqrt(latencyMs)
    this.sumLatency += latencyMs
    this.sumInFlight += inFlight
    if (inFlight >= this.limit) this.full++
    this.answered++
    if (this.answered + this.timedOut >= this.size) this.turn()
  }

  /** A request was given up after its time; `inFlight` counts it, too. */
  dropped(inFlight: number): void {
    if (!this.isCurrent(inFlight)) return
    this.sumInFlight += inFlight
    this.timedOut++
    if (this.answered + this.timedOut >= this.size) this.turn()
  }

  private isCurrent(inFlight: number): boolean {
    if (!(inFlight >= 1 && inFlight <= 2 * COUNT_MAX)) return false
    if (this.stale === 0) return true
    this.stale--
    return false
  }

  /** The window is complete. */
  private turn(): void {
    const { answered, timedOut, limit } = this
    const inFlight = this.sumInFlight / (answered + timedOut)
    if (answered > 0) this.latency = 2 * Math.log(this.sumRoots / answered)
    // While load comes or goes, latency lags behind it.
    const isSteady = this.isTrial || Math.abs(Math.log(inFlight / this.lastInFlight)) < CONTRAST
    if (timedOut * TIMED_OUT > answered + timedOut) {
      this.isTrial = false
      if (inFlight >= limit / 2) this.set(limit * STEP, inFlight)
    } else {
      if (this.isTrial) this.conclude(inFlight)
      // A new limit is measured first.
      if (limit === this.limit) this.decide(inFlight, isSteady)
    }
    this.open(inFlight)
  }

  /** Opens a window. */
  private open(inFlight: number): void {
    const { answered, sumRoots, sumLatency } = this
    const spread = answered > 0 ? 4 * ((sumLatency * answered) / sumRoots ** 2 - 1) : 0
    const wanted = Math.max(WINDOW_MIN, LAPS * Math.min(inFlight, this.limit), spread / ERROR ** 2)
    this.size = Math.ceil(Math.min(WINDOW_MAX, wanted))
    this.lastInFlight = inFlight
    this.answered = this.timedOut = this.full = 0
    this.sumInFlight = this.sumRoots = this.sumLatency = 0
  }

  /** The end of a trial: its limit, or the one before it? */
  private conclude(inFlight: number): void {
    this.isTrial = false
    const { before, latency, limit } = this
    const change = Math.max(CONTRAST, Math.abs(Math.log(before.inFlight / inFlight)))
    const rise = limit > before.limit ? latency - before.latency : before.latency - latency
    // It has become slower with fewer, or faster with more: the service has changed, and the trial says nothing.
    const isUnclear = rise < -CONTRAST
    this.isFlat = !isUnclear && rise < WAITING * change
    if (!this.isFlat && !isUnclear) this.noteCrowd(inFlight)
    // Nobody waits where they did: it is another service now.
    else if (this.isFlat && this.isReturn) this.crowd.inFlight = Infinity
    this.isReturn = false
    if (isUnclear) {
      this.nextRest = REST
      this.set(before.limit, inFlight)
      return
    }
    this.set(this.isFlat ? Math.max(limit, before.limit) : Math.min(limit, before.limit), inFlight)
    if (this.limit !== before.limit) this.nextRest = REST
    // Where fewer would be no better and more are wanted, the next trial is one with more.
    else if (!this.isFlat || before.full === 0 || this.limit === this.max) {
      this.accepted = latency
      this.rest = this.nextRest
      this.nextRest = Math.min(REST_MAX, this.nextRest * 2)
    }
  }

  private decide(inFlight: number, isSteady: boolean): void {
    const { latency, limit, calm, full, roomy } = this
    if (latency <= calm) {
      const factor = Math.max(GROWTH_MIN, Math.min(GROWTH_MAX, Math.exp((calm - latency) / 2)))
      if (full > 0) this.set(Math.max(limit + 1, limit * factor), inFlight)
      return
    }
    if (inFlight < limit / 2) {
      // The fewest are the best to compare with, while the latency is about theirs.
      if (inFlight > roomy.inFlight && Math.abs(latency - roomy.latency) < CHANGED) return
      roomy.latency = latency
      roomy.inFlight = inFlight
      return
    }
    if (latency < this.accepted) this.accepted += (latency - this.accepted) * BELIEF
    else if (latency > this.accepted + CHANGED) {
      this.rest = 0
      this.nextRest = REST
    }
    if (this.hasStrayed(inFlight)) {
      this.isReturn = true
      this.try(Math.max(this.min, Math.floor(this.crowd.inFlight)), inFlight)
    } else if (this.rest > 0) this.rest--
    else if (isSteady && (full > 0 || !this.isAsRoomy(inFlight))) this.begin(inFlight)
  }

  private noteCrowd(inFlight: number): void {
    const { before, crowd } = this
    const fewer = Math.min(before.inFlight, inFlight)
    if (fewer > crowd.inFlight / STEP ** 0.5) return
    crowd.inFlight = fewer
    crowd.latency = before.inFlight < inFlight ? before.latency : this.latency
  }

  /** True where there are many more than in the last crowd, and as much slower: what each trial missed in the noise adds up. */
  private hasStrayed(inFlight: number): boolean {
    const more = Math.log(inFlight / this.crowd.inFlight)
    return more > STRAYED && this.latency - this.crowd.latency > WAITING * more
  }

  /** True where many in flight have the latency that few had: then nobody waits, without a trial. */
  private isAsRoomy(inFlight: number): boolean {
    const { roomy } = this
    const isMore = Math.log(inFlight / roomy.inFlight) >= CONTRAST
    // A rise as small as one trial could miss, however many more they are.
    return isMore && this.latency - roomy.latency < WAITING * 2 * CONTRAST
  }

  /** Begins a trial: with fewer, unless that is known to be no better, or not allowed. */
  private begin(inFlight: number): void {
    const { full, limit } = this
    const fewer = Math.max(this.min, Math.floor(inFlight * STEP))
    const isNoLess = Math.log(inFlight / fewer) < CONTRAST
    const isUp = isNoLess || (this.isFlat && full > 0 && limit < this.max)
    if (isUp && (full === 0 || limit === this.max)) return
    this.try(isUp ? Math.ceil(inFlight / STEP) : fewer, inFlight)
  }

  /** Begins a trial of a limit. */
  private try(trial: number, inFlight: number): void {
    const { before, full, limit } = this
    this.isTrial = true
    before.latency = this.latency
    before.inFlight = inFlight
    before.limit = limit
    before.full = full
    this.set(trial, inFlight)
  }

  private set(limit: number, inFlight: number): void {
    const next = Math.max(this.min, Math.min(this.max, Math.floor(limit)))
    if (next === this.limit) return
    this.limit = next
    this.stale = Math.ceil(inFlight)
  }
}
