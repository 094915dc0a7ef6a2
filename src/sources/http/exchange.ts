// One request, from its headers to its answer.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { SourceRecord } from '../source.js'
import { createRecord } from '../support/record.js'

/**
 * `receiving`: its body comes. `queued`: it is a record that was not read yet. `given`: the topology has it.
 * `over`: it is answered, or nobody waits any more.
 */
export type ExchangeState = 'receiving' | 'queued' | 'given' | 'over'

export const NO_BODY = Buffer.alloc(0)

export class Exchange {
  readonly response: ServerResponse
  /** What its connection was when it came: a request that has ended may have none. */
  readonly socket: IncomingMessage['socket']
  readonly record: SourceRecord = createRecord(NO_BODY)
  state: ExchangeState = 'receiving'
  /** Given by the client, or made. */
  readonly id: string
  readonly isOwnId: boolean
  /** The turn of the clock at which it was queued. */
  tick = 0
  /** How long the body is, or −1 where only its end will tell. */
  readonly declaredBytes: number
  /** Of its body, as long as it is held. */
  receivedBytes = 0
  /** What holds it may be larger. */
  heldBytes = 0
  /** What has come of its body, and room for more. */
  body: Buffer = NO_BODY

  constructor(
    response: ServerResponse,
    socket: IncomingMessage['socket'],
    id: string,
    isOwnId: boolean,
    declaredBytes: number,
  ) {
    this.response = response
    this.socket = socket
    this.id = id
    this.isOwnId = isOwnId
    this.declaredBytes = declaredBytes
  }
}
