// A mapper's handler with another behind it: while too many of its calls fail, the other is called in its place.
// The mapper says how each call ended. The circuit is of one thread and one life: a successor begins with the handler.

import type { Host } from '../kernel/actor.js'
import { countText } from '../kernel/count-text.js'
import type { Counters } from '../kernel/counters.js'
import { messageOf } from '../kernel/failure.js'
import { type CallEnd, Circuit, type CircuitOptions, NO_TICKET } from './circuit.js'
import { markedResult } from './degraded-result.js'
import type { Expansion } from './expansion.js'
import type { MapHandler } from './map-handler.js'
import type { MapTask } from './map-task.js'

export type DegradationOptions = {
  /** Of the actor, for log lines. */
  name: string
  stage: string
  handler: MapHandler
  degrade: CircuitOptions & { handler: MapHandler }
}

/** Who is called: 'circuit' says so, or it is certain already. */
type Choice = 'circuit' | 'handler' | 'stand-in'

export class Degradation {
  /** Calls one of the two. */
  readonly handle: MapHandler
  private choice: Choice = 'circuit'
  /** Of the last call; NO_TICKET where the circuit was not asked, or the degrade handler was called. */
  private ticket = NO_TICKET
  /** True where the last call went to the degrade handler. */
  private isStandIn = false
  private readonly circuit: Circuit
  private readonly options: DegradationOptions
  private readonly host: Host
  private readonly counters: Counters
  private sinceMs = 0

  constructor(options: DegradationOptions, host: Host, counters: Counters) {
    const { handler, degrade, stage } = options
    this.options = options
    this.host = host
    this.counters = counters
    this.circuit = new Circuit(degrade, host.clock)
    counters.set('degradedSince', 0)
    this.handle = (message, context) => {
      const { choice } = this
      this.choice = 'circuit'
      this.ticket = choice === 'circuit' ? this.circuit.begin() : NO_TICKET
      this.isStandIn = choice === 'stand-in' || (choice === 'circuit' && this.ticket === NO_TICKET)
      if (!this.isStandIn) return handler(message, context)
      counters.add('degraded')
      return markedResult(degrade.handler(message, context), message, stage)
    }
  }

  /** True while it is not closed. */
  get isOpen(): boolean {
    return this.circuit.state !== 'closed'
  }

  /** Says who is called for a task next. */
  choose(task: MapTask, expansion: Expansion): void {
    this.choice = choiceFor(task, expansion)
  }

  /** One of the two was called for a task just now. */
  called(task: MapTask): void {
    task.ticket = this.ticket
    task.isStandIn = this.isStandIn
  }

  /** A task's call is over, of a stream at its end; says whether it was one of the handler. */
  taskEnded(task: MapTask, end: CallEnd, error?: unknown): boolean {
    const { ticket } = task
    task.ticket = NO_TICKET
    this.ended(ticket, end, error)
    return ticket !== NO_TICKET
  }

  /** The last call has given a result, at once. */
  worked(): void {
    this.ended(this.ticket, 'worked')
  }

  private ended(ticket: number, end: CallEnd, error?: unknown): void {
    if (ticket === NO_TICKET) return
    const wasOpen = this.sinceMs > 0
    const change = this.circuit.end(ticket, end)
    if (change === 'opened') {
      const nowMs = this.host.clock.now()
      const { calls, failed } = this.circuit.recent
      const why = wasOpen ? 'it failed again' : `${countText(failed)} of ${countText(calls)} calls failed`
      this.host.log.warn(
        `${this.options.name}: ${why}: ${messageOf(error)}; the degrade handler takes over for ${countText(this.circuit.opensForMs)} ms`,
      )
      if (wasOpen) return
      this.sinceMs = nowMs
      this.counters.set('degradedSince', nowMs)
    } else if (change === 'closed') {
      const seconds = ((this.host.clock.now() - this.sinceMs) / 1_000).toFixed(1)
      this.host.log.info(`${this.options.name}: its handler works again after ${seconds} s`)
      this.sinceMs = 0
      this.counters.set('degradedSince', 0)
    }
  }
}

/** C5: one of which parts are committed goes on with the one of the two that made them. */
function choiceFor(task: MapTask, expansion: Expansion): Choice {
  if (expansion.holds(task) && !expansion.isEmpty) return expansion.isOfStandIn ? 'stand-in' : 'handler'
  return task.needsStandIn ? 'stand-in' : 'circuit'
}
