// A circuit breaker: tells whether a handler is to be called, or another in its place, from how its last calls went.
//
//   closed ──(of the last `calls` calls the share `failures` failed)──▶ open ──(openMs)──▶ half-open ──(`probes` succeed)──▶ closed
//                                                                         ◀──(one fails: openMs is doubled, up to 16 times)──┘
//
// Calls come and go by tickets. One that was begun before the last change of state says nothing any more.

export type CircuitOptions = {
  /** The share of failed calls that opens it. */
  failures: number
  /** Over how many calls, the last ones. */
  calls: number
  /** How long it stays open at first. */
  openMs: number
  /** Calls that must succeed to close it. */
  probes: number
}

export type CircuitState = 'closed' | 'open' | 'half-open'
export type CallEnd = 'worked' | 'failed' | 'unknown'

/** No ticket: the handler is not to be called. */
export const NO_TICKET = 0
/** It stays open so many times `openMs`, at most. */
const LONGEST = 16

export class Circuit {
  private readonly options: CircuitOptions
  private readonly clock: { now(): number }
  private now: CircuitState = 'closed'
  /** What tickets of this state are; another one with each change. */
  private ticket = 1
  /** The last calls, while it is closed: 1 for one that failed. */
  private readonly window: Uint8Array
  private next = 0
  private filled = 0
  private failed = 0
  private untilMs = 0
  private openMs: number
  /** Of a half-open one: probes that are out, and that have succeeded. */
  private out = 0
  private worked = 0

  constructor(options: CircuitOptions, clock: { now(): number }) {
    this.options = options
    this.clock = clock
    this.window = new Uint8Array(options.calls)
    this.openMs = options.openMs
  }

  get state(): CircuitState {
    return this.now
  }

  /** Of the last calls, how many there were and how many failed. */
  get recent(): { calls: number; failed: number } {
    return { calls: this.filled, failed: this.failed }
  }

  /** How long it stays open, now or the next time. */
  get opensForMs(): number {
    return this.openMs
  }

  /** The handler may be called with this ticket, which `end` must be given; not with NO_TICKET. */
  begin(): number {
    if (this.now === 'closed') return this.ticket
    if (this.now === 'open') {
      if (this.clock.now() < this.untilMs) return NO_TICKET
      this.change('half-open')
    }
    if (this.out + this.worked >= this.options.probes) return NO_TICKET
    this.out++
    return this.ticket
  }

  /** A call is over; `unknown` where nobody waited for its end. Says whether the circuit opened or closed by it. */
  end(ticket: number, end: CallEnd): 'opened' | 'closed' | undefined {
    if (ticket !== this.ticket) return undefined
    return this.now === 'closed' ? this.count(end) : this.probed(end)
  }

  private count(end: CallEnd): 'opened' | undefined {
    if (end === 'unknown') return undefined
    const { calls, failures } = this.options
    const failed = end === 'failed' ? 1 : 0
    this.failed += failed - this.window[this.next]
    this.window[this.next] = failed
    this.next = (this.next + 1) % calls
    this.filled = Math.min(calls, this.filled + 1)
    if (failed === 0 || this.filled < calls || this.failed < failures * calls) return undefined
    this.open()
    return 'opened'
  }

  private probed(end: CallEnd): 'opened' | 'closed' | undefined {
    this.out--
    if (end === 'unknown') return undefined
    if (end === 'failed') {
      this.openMs = Math.min(2 * this.openMs, LONGEST * this.options.openMs)
      this.open()
      return 'opened'
    }
    this.worked++
    if (this.worked < this.options.probes) return undefined
    this.openMs = this.options.openMs
    this.window.fill(0)
    this.next = this.filled = this.failed = 0
    this.change('closed')
    return 'closed'
  }

  private open(): void {
    this.untilMs = this.clock.now() + this.openMs
    this.change('open')
  }

  private change(state: CircuitState): void {
    this.now = state
    this.ticket++
    this.out = this.worked = 0
  }
}
