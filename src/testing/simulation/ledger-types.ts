// What a ledger keeps: what the source gave, which calls of handlers there were for it, and what sinks were offered of it.

export type Verdict = 'open' | 'acked' | 'nacked' | 'abandoned'

/** One call of a handler, or one pull of the stream that it returned. */
export type CallEntry = {
  thread: string
  startedMs: number
  /** When the actor was told, or died. */
  endedMs: number | undefined
  hasFailed: boolean
  hasDied: boolean
  /** True where it died, and nobody else of its actor was in user code. */
  hasDiedAlone: boolean
  /** True where this call ended its thread. */
  hasKilled: boolean
}

/** One message in one write of a sink. */
export type OfferEntry = {
  sink: string
  name: string
  /** Which of several of that name it is: a record's share is its own. */
  share: string
  /** At a fallback sink: who gave it up. */
  from: string | undefined
  reason: string | undefined
  batch: BatchEntry
  outcome: string | undefined
  /** True where the sink has written it, whatever it answered. */
  isWritten: boolean
  /** True once it must not be offered again. */
  isSure: boolean
  hasDied: boolean
  hasDiedAlone: boolean
  /** True where this write ended its thread. */
  hasKilled: boolean
}

export type BatchEntry = {
  sink: string
  thread: string
  startedMs: number
  toldMs: number | undefined
  timeoutMs: number
  isOver: boolean
  entries: OfferEntry[]
  orderKeys: readonly (string | undefined)[]
}

/** One time that the source gave a record. */
export class Giving {
  readonly position: string
  readonly epoch: number
  readonly delivery: number
  readonly keys: readonly string[]
  verdict: Verdict = 'open'
  wasCancelled = false
  readonly calls = new Map<string, CallEntry[]>()
  readonly offers = new Map<string, OfferEntry[]>()

  constructor(position: string, epoch: number, delivery: number, keys: readonly string[]) {
    this.position = position
    this.epoch = epoch
    this.delivery = delivery
    this.keys = keys
  }

  get title(): string {
    const which = this.delivery > 0 ? `, given again ${this.delivery} times` : ''
    return `record ${this.position}${which}${this.epoch > 1 ? `, epoch ${this.epoch}` : ''}`
  }

  offersOf(sink: string, name: string): readonly OfferEntry[] {
    return this.offers.get(`${sink}|${name}`) ?? []
  }

  callsOf(stage: string, name: string): readonly CallEntry[] {
    return this.calls.get(`${stage}|${name}`) ?? []
  }
}
