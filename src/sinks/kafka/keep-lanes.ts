// A lane of the runtime may go to several partitions: other keys share it, and a message may have another key than its record had.
// Where a message of a lane failed, later ones that were written are written again: so says the contract of an ordered sink.

import { laneAt } from '../../kernel/codec.js'
import { NO_LANE } from '../../kernel/lane.js'
import type { Message } from '../../kernel/message.js'
import { Response } from '../response.js'

/** Turns each ok behind a failure of its lane into a failure. */
export function keepLanes(batch: readonly Message[], responses: Response[]): void {
  const from = responses.findIndex(({ outcome }) => outcome === 'failure')
  if (from < 0) return
  const failed = new Set<number>()
  for (let i = from; i < responses.length; i++) {
    const { outcome } = responses[i]
    const lane = laneAt(batch[i].inbound.ring, batch[i].at)
    if (lane === NO_LANE) continue
    if (outcome === 'failure') failed.add(lane)
    else if (outcome === 'ok' && failed.has(lane))
      responses[i] = Response.failure(batch[i], 'kafka: an earlier one with its keys was not written')
  }
}
