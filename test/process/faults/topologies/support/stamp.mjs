// What the handlers under test return: the line, and in front of it who handled it.

import { threadId } from 'node:worker_threads'

export function stamp(message, context) {
  return `${context.thread}.${threadId}|${message.text()}`
}
