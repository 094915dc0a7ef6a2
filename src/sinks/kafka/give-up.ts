// What is said of a message that no try will write: the fallback gets it. Behind a fallback or onSuccess sink there is none, and a
// dead letter is there already, even where one object is all of them: it is tried until its topic takes it.

import type { Message } from '../../kernel/message.js'
import { Response } from '../response.js'
import type { SinkContext } from '../sink.js'

type Role = SinkContext['role']

export const isLastResort = ({ reason }: Message, role: Role): boolean =>
  role !== 'sink' || reason !== undefined

export function giveUp(message: Message, role: Role, why: unknown): Response {
  return isLastResort(message, role) ? Response.failure(message, why) : Response.fallback(message, why)
}
