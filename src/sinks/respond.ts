// A sink that answers: each message is the answer to the request that it was made of.

import { messageOf } from '../kernel/failure.js'
import type { Message } from '../kernel/message.js'
import { Response, type ServeOptions } from './response.js'
import type { Sink } from './sink.js'

type OptionsOf = (message: Message) => ServeOptions | undefined

/**
 * Makes a sink that answers each message with its value: Response.serve for all. It runs beside the source. `options` are the
 * status and the headers of the answers, or a function that gives those of a message: one that throws nacks it. Default 200, and
 * no headers. Where nobody waits for an answer, the message is ok.
 */
export function respond(options?: ServeOptions | OptionsOf): Sink {
  const optionsOf = typeof options === 'function' ? options : () => options
  return {
    name: 'respond',
    ordered: true,
    thread: 'ingress',
    write: (batch) => batch.map((message) => answerTo(message, optionsOf)),
  }
}

function answerTo(message: Message, optionsOf: OptionsOf): Response {
  try {
    return Response.serve(message, message.value, optionsOf(message))
  } catch (error) {
    // It would throw again.
    return Response.nack(message, { reason: messageOf(error) })
  }
}
