// A lane of the runtime may go to several partitions: other keys share it, and a message may have another key than its record had.
// Where a message of a lane failed, later ones that were written are written again: so says the contract of an ordered sink.

import { laneAt } from '../../kernel/codec.js'
import { NO_LANE } from '../../kernel/lane.js'
import type { Message } from '../../kernel/message.js'
import { Response } from '../response.js'

/** Answers a message that may not overtake one of its lane. */
export function behindFailure(message: Message): Response {
  return Response.failure(message, 'kafka: an earlier one with its keys was not written')
}

/** Lanes of which it is known before anything is sent that one fails: what is sent behind it is sent again with each try of it. */
export class HeldLanes {
  readonly #lanes = new Set<number>()

  add({ outcome }: Response, message: Message): void {
    if (outcome === 'failure') this.#lanes.add(laneOf(message))
  }

  has(message: Message): boolean {
    return this.#lanes.size > 0 && laneOf(message) !== NO_LANE && this.#lanes.has(laneOf(message))
  }
}

/** Turns each ok behind a failure of its lane into a failure. */
export function keepLanes(batch: readonly Message[], responses: Response[]): void {
  const from = responses.findIndex(({ outcome }) => outcome === 'failure')
  if (from < 0) return
  const failed = new Set<number>()
  for (let i = from; i < responses.length; i++) {
    const { outcome } = responses[i]
    const lane = laneOf(batch[i])
    if (lane === NO_LANE) continue
    if (outcome === 'failure') failed.add(lane)
    else if (outcome === 'ok' && failed.has(lane)) responses[i] = behindFailure(batch[i])
  }
}

function laneOf({ inbound: { ring }, at }: Message): number {
  return laneAt(ring, at)
}
