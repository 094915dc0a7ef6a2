// One request, from its headers to the end of its message.

import type { ServerResponse } from 'node:http'
import type { Carrier } from '../../http/carrier.js'
import type { SourceRecord } from '../source.js'
import { createRecord } from '../support/record.js'

/**
 * `receiving`: its body comes. `arrived`: its body is there, and something is done with it before it is a message. `queued`: it is
 * a record that was not read yet. `given`: the topology has it. `orphaned`: the topology has it, and nobody wants its outcome.
 * `joined`: it waits for the answer to another with the same id. `over`: it is answered and settled, or was never a message.
 */
export type ExchangeState = 'receiving' | 'arrived' | 'queued' | 'given' | 'orphaned' | 'joined' | 'over'

export type Place = {
  readonly className: string
  /** When it was admitted; NaN as long as it is not. */
  sinceMs: number
  /** When it left the line of its class, in ms; undefined where it has not, or there is none. */
  leftMs: number | undefined
}

export const NO_BODY = Buffer.alloc(0)

export class Exchange {
  /** Who waits; undefined once it is answered, or nobody waits any more. */
  response: ServerResponse | undefined
  /** What carried it when it came: a request that has ended may have none. */
  socket: Carrier | undefined
  readonly record: SourceRecord = createRecord(NO_BODY)
  state: ExchangeState = 'receiving'
  /** Given by the client, or made. */
  readonly id: string
  readonly isOwnId: boolean
  /** True where it is answered before its message is settled, and the result is kept. */
  readonly isAsync: boolean
  /** True once that may be said: what was accepted is not lost. */
  isAccepted = false
  /** How long its answer may take, once its body is there. */
  timeoutMs = 0
  /** The turn of the clock after which its answer is too late. */
  dueTick = Number.POSITIVE_INFINITY
  /** True once its time was over before its answer was there. */
  isLate = false
  /** How long the body is, or −1 where only its end will tell. */
  readonly declaredBytes: number
  /** Of its body, as long as it is held. */
  receivedBytes = 0
  /** What holds it may be larger. */
  heldBytes = 0
  /** What has come of its body, and room for more. */
  body: Buffer = NO_BODY
  /** Those that wait for the same answer. */
  joined: Set<Exchange> | undefined
  /** The one whose answer it waits for. */
  first: Exchange | undefined
  /** Of the service: its class, and since when it is admitted to it, in ms; undefined where it needs no place. */
  place: Place | undefined

  constructor(
    response: ServerResponse | undefined,
    socket: Carrier | undefined,
    id: string,
    isOwnId: boolean,
    declaredBytes: number,
    isAsync: boolean,
  ) {
    this.response = response
    this.socket = socket
    this.id = id
    this.isOwnId = isOwnId
    this.declaredBytes = declaredBytes
    this.isAsync = isAsync
  }

  /** True while somebody wants its outcome: a client, or whoever asks for the result later. */
  get isWanted(): boolean {
    return this.isAsync || this.response !== undefined || (this.joined?.size ?? 0) > 0
  }
}
