// What is said of a message that no try will write: the fallback gets it. A dead letter is there already, and there is nothing
// behind it: it is tried until its topic takes it, and the log says what is wrong.

import type { Message } from '../../kernel/message.js'
import { Response } from '../response.js'

export const isLastResort = ({ reason }: Message): boolean => reason !== undefined

export function giveUp(message: Message, why: unknown): Response {
  return isLastResort(message) ? Response.failure(message, why) : Response.fallback(message, why)
}
