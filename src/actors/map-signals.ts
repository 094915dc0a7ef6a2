// The signals of a mapper's messages: made for those whose handler asks for one, kept until its calls for the message are over.
// Listeners are user code: while they run, the cell says for which record (H1).

import { CANCELLED, type Cancellation } from '../kernel/cancellation.js'
import type { Cell } from '../kernel/cell.js'
import type { Message } from '../kernel/message.js'

export type SignalsOptions = {
  cell: Cell
  /** Where the source cancels. */
  cancellation?: Cancellation | undefined
  /** Under which number it awaits cancellations. */
  number: number
}

export class MapSignals {
  private readonly controllers = new Map<Message, AbortController>()
  private readonly cell: Cell
  private readonly cancellation: Cancellation | undefined
  private readonly number: number
  /** The count of cancellations when they were looked at. */
  private seen = 0
  /** Why all are aborted. */
  private ending: Error | undefined

  constructor({ cell, cancellation, number }: SignalsOptions) {
    this.cell = cell
    this.cancellation = cancellation
    this.number = number
    // The signals of a predecessor are gone with it.
    this.tell()
  }

  /** Gives the signal of a message. `isOpen`: the handler is not done with it; else it is aborted from the start. */
  of(message: Message, isOpen: boolean): AbortSignal {
    const known = this.controllers.get(message)
    if (known !== undefined) return known.signal
    const controller = new AbortController()
    if (!isOpen) {
      controller.abort(abortion(OVER))
      return controller.signal
    }
    this.controllers.set(message, controller)
    this.tell()
    const { inbound, at } = message
    if (this.ending !== undefined) controller.abort(this.ending)
    // W5: after it was said that a signal is awaited; whoever cancels from here on wakes this thread.
    else if (this.cancellation?.isCancelled(inbound.ring, at)) controller.abort(abortion(CANCELLED))
    return controller.signal
  }

  /** Aborts those whose message was cancelled since the last look; gives how many. */
  look(): number {
    const { cancellation, controllers } = this
    if (cancellation === undefined || controllers.size === 0) return 0
    const { count } = cancellation
    if (count === this.seen) return 0
    this.seen = count
    let work = 0
    for (const [message, controller] of controllers) {
      if (controller.signal.aborted || !cancellation.isCancelled(message.inbound.ring, message.at)) continue
      this.abort(message, controller, abortion(CANCELLED))
      work++
    }
    return work
  }

  /** The call for a message is given up: it took too long (H2). */
  expire(message: Message, what: string): void {
    const controller = this.controllers.get(message)
    if (controller === undefined) return
    this.abort(message, controller, new DOMException(what, 'TimeoutError'))
    this.over(message)
  }

  /** The topology ends without a drain: all are aborted, also those to come. */
  abandon(reason: string): void {
    this.ending = abortion(`the topology stops: ${reason}`)
    for (const [message, controller] of this.controllers) this.abort(message, controller, this.ending)
  }

  /** All calls for a message are over. */
  over(message: Message): void {
    if (this.controllers.size > 0 && this.controllers.delete(message)) this.tell()
  }

  private abort({ inbound, place }: Message, controller: AbortController, reason: Error): void {
    this.cell.handling(inbound, place)
    controller.abort(reason)
    this.cell.handled()
  }

  private tell(): void {
    this.cancellation?.awaits(this.number, this.controllers.size)
  }
}

const OVER = 'the call for this message is over: nobody waits for its result'

function abortion(message: string): Error {
  return new DOMException(message, 'AbortError')
}
