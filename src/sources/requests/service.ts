// What stands behind a source of requests: which requests there are, and what becomes of them besides a message and its answer.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { SourceAck } from '../source.js'
import type { Exchange } from './exchange.js'
import type { Line } from './inbox.js'
import type { Refusal } from './refusal.js'

/** What a path is for. */
export type Endpoint = {
  readonly method: 'GET' | 'POST'
  /** True where the answer comes before the message is settled. */
  readonly isAsync: boolean
  /** Answers a request that is no message. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => void
}

/** How a message ended. */
export type Outcome = { answers?: SourceAck['answers'] } | { reason: string }

/** `ignored`: how long it took says nothing of how busy the topology is. */
export type Ending = 'answered' | 'timedOut' | 'ignored'

export interface Service {
  /** For messages: the name of the source. */
  readonly name: string
  /** By path, without a query. */
  endpointOf(path: string): Endpoint | undefined
  /** Where a message was accepted and nobody answered it: 200 or 204. */
  readonly emptyStatus: 200 | 204
  /** Where requests wait before they are read, if not in one line. */
  readonly line?: Line | undefined
  /** True where a request with the id of one in flight waits for the same answer. */
  readonly joins: boolean
  /** Before the body: says how long the answer may take, what the record is beside its value, and whether there is room now. */
  admit(exchange: Exchange, request: IncomingMessage): Refusal | undefined
  /** The body is there: true where it is to be a message at once; else the service goes on with it, or has turned it away. */
  arrived(exchange: Exchange): boolean
  /** The topology has it. */
  given(exchange: Exchange): void
  /** Answers a request that is accepted, or whose id is. */
  answerAccepted(exchange: Exchange): void
  /** The message is settled. Called before anybody is told. */
  settled(exchange: Exchange, outcome: Outcome): void
  /** An exchange is over: settled, or it never became a message. Called once. */
  released(exchange: Exchange, ending: Ending): void
  /** What may be said outside of why a message was nacked. */
  detailOf(reason: string): string | undefined
  stats(): Record<string, number>
}
