// A sink that accepts everything and forgets it: to measure and to try out what lies before it.

import type { Message } from '../kernel/message.js'
import { Response } from './response.js'
import type { Sink } from './sink.js'

/** Makes a sink that answers ok and writes nothing. Every message is ok, always. */
export function blackhole(): Sink {
  return { name: 'blackhole', ordered: true, write: forget }
}

function forget(batch: readonly Message[]): Response[] {
  const responses = new Array<Response>(batch.length)
  for (let i = 0; i < batch.length; i++) responses[i] = Response.ok(batch[i])
  return responses
}
