// A lane of the runtime may go to several partitions: other keys share it, and a message may have another key than its record had.
// Where a message of a lane failed, later ones that were written are written again: so says the contract of an ordered sink.

import { laneAt } from '../../kernel/codec.js'
import { NO_LANE } from '../../kernel/lane.js'
import type { Message } from '../../kernel/message.js'
import { Response } from '../response.js'

/** Turns each ok behind a failure of its lane into a failure. */
export function keepLanes(batch: readonly Message[], responses: Response[]): void {
  let failed: Set<number> | undefined
  for (const [i, { outcome }] of responses.entries()) {
    if (outcome === 'ok' && failed === undefined) continue
    const lane = laneAt(batch[i].inbound.ring, batch[i].at)
    if (lane === NO_LANE) continue
    if (outcome === 'failure') {
      failed ??= new Set()
      failed.add(lane)
    } else if (outcome === 'ok' && failed?.has(lane))
      responses[i] = Response.failure(batch[i], 'kafka: an earlier one with its keys was not written')
  }
}
