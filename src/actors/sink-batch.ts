// One write of a sink: what it was given, and what it answered.

import type { Message } from '../kernel/message.js'
import type { Response } from '../sinks/response.js'
import type { Chunk } from './begun-notes.js'

export class SinkBatch {
  readonly messages: Message[] = []
  /** Responses in the order of the messages; empty until it is answered. */
  readonly responses: Response[] = []
  answered = false
  /** When it was given to the sink. */
  startedMs = 0
  /** How many of the messages are disposed of. */
  done = 0
  /** After it, no answer is a failure. */
  deadlineMs = Number.POSITIVE_INFINITY
  /** True while the sink has it and has not answered. */
  isOut = false
  /** True where messages of it have waited: they do not lie where the new ones do. */
  isAgain = false
  /** True while its records say themselves that they are in user code. */
  isMarked = false
  /** True for a suspect that is written alone (H1). */
  isSuspect = false
  /** Where it is noted that it is with the sink. */
  chunk: Chunk | undefined
  /** True once the answer no longer matters. */
  expired = false
  /** Lanes of which a message failed. */
  readonly failedLanes = new Set<number>()
  /** The jitter of its retries: what failed together is tried again together, and a sink that is down has few calls. */
  chance: number | undefined
  /** Why all of it failed. */
  error: unknown
  /** How often it was tried, of poison: that is not given any more. */
  attempts: number | undefined
}
