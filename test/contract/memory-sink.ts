// A sink that keeps the contract in the plainest way: the reference that the broken ones are bent from.

import type { Message } from '../../src/kernel/message.js'
import { Response } from '../../src/sinks/response.js'
import type { Sink } from '../../src/sinks/sink.js'
import type { MadeSink } from '../../src/testing/index.js'

export const REFUSED = 'refuse me'

type Kind = Pick<Sink, 'ordered' | 'atomic' | 'batchMax' | 'concurrency' | 'writeTimeoutMs'>

/** What a broken sink is bent from: the place it writes to, and its honest write. */
export type Honest = { accepted: Buffer[]; write: (batch: readonly Message[]) => Response[] }

/** Makes a sink that keeps copies in a list, and refuses one value. */
export function memorySink(kind: Kind = {}, bend?: (honest: Honest) => Partial<Sink>): MadeSink {
  const accepted: Buffer[] = []
  const write = (batch: readonly Message[]) => {
    const failed = failuresOf(batch, kind)
    for (const message of batch) if (!failed.has(message)) accepted.push(message.bytes())
    return batch.map((message) =>
      failed.has(message) ? Response.failure(message, 'refused') : Response.ok(message),
    )
  }
  const sink: Sink = { ...kind, write, ...bend?.({ accepted, write }) }
  return { sink, accepted: () => accepted, refused: REFUSED }
}

function failuresOf(batch: readonly Message[], { ordered, atomic }: Kind): Set<Message> {
  const failed = new Set<Message>()
  const lanes = new Set<string>()
  for (const message of batch) {
    const lane = message.keys.join()
    if (message.text() !== REFUSED && !(ordered && lanes.has(lane))) continue
    failed.add(message)
    lanes.add(lane)
  }
  return atomic && failed.size > 0 ? new Set(batch) : failed
}
