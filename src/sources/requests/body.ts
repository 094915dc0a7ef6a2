// Takes the body of a request: to its end, or to its limit. One listener for all: a request keeps its exchange.

import type { IncomingMessage } from 'node:http'
import type { Exchange } from './exchange.js'
import { REFUSALS, type Refusal } from './refusal.js'

/** Who is told. */
export type BodyTaker = {
  readonly bodyBytesMax: number
  /** So many bytes more are held. */
  held(bytes: number): void
  /** Bytes that may still be held; below 0 where they are too many already. */
  readonly freeBytes: number
  /** The body is there: it is the value of the record. */
  complete(exchange: Exchange): void
  /** There is no room for it, or more came than may come. */
  turnAway(exchange: Exchange, refusal: Refusal): void
}

const EXCHANGE = Symbol('exchange')
const TAKER = Symbol('taker')
type Receiving = IncomingMessage & { [EXCHANGE]: Exchange; [TAKER]: BodyTaker }
/** Of a connection, the exchange whose body came last. */
type Carrier = Exchange['socket'] & { [EXCHANGE]?: Exchange }

/** How much of a refused body is read and forgotten, so that the client can read the answer. */
export const DISCARD_BYTES_MAX = 16_777_216

const GROWN_BYTES_MIN = 4_096

/** Begins to take the body of an exchange. */
export function takeBody(exchange: Exchange, request: IncomingMessage, taker: BodyTaker): void {
  const { declaredBytes } = exchange
  if (declaredBytes === 0) {
    taker.complete(exchange)
    return
  }
  const receiving = request as Receiving
  receiving[EXCHANGE] = exchange
  receiving[TAKER] = taker
  ;(exchange.socket as Carrier)[EXCHANGE] = exchange
  request.on('data', onData)
  if (declaredBytes < 0) request.on('end', onEnd)
}

/** Gives the exchange whose body comes on this connection, or has come and is no message yet, if there is one. */
export function receivingOn(socket: Exchange['socket']): Exchange | undefined {
  const exchange = (socket as Carrier)[EXCHANGE]
  return exchange?.state === 'receiving' || exchange?.state === 'arrived' ? exchange : undefined
}

function onData(this: Receiving, chunk: Buffer): void {
  const exchange = this[EXCHANGE]
  const taker = this[TAKER]
  const filled = exchange.receivedBytes
  exchange.receivedBytes += chunk.length
  if (exchange.state !== 'receiving') {
    if (exchange.receivedBytes > DISCARD_BYTES_MAX) exchange.socket?.destroy()
    return
  }
  if (exchange.receivedBytes > taker.bodyBytesMax) {
    taker.turnAway(exchange, REFUSALS.tooLarge)
    return
  }
  const before = exchange.heldBytes
  if (filled === 0) hold(exchange, chunk)
  else append(exchange, filled, chunk, taker.bodyBytesMax)
  taker.held(exchange.heldBytes - before)
  // What came may be more than was free when it began to come.
  if (taker.freeBytes < 0) taker.turnAway(exchange, REFUSALS.tooMany)
  else if (exchange.receivedBytes === exchange.declaredBytes) complete(exchange, taker)
}

function onEnd(this: Receiving): void {
  const exchange = this[EXCHANGE]
  if (exchange.state === 'receiving') complete(exchange, this[TAKER])
}

/** Usually the whole body comes at once, and is never copied. */
function hold(exchange: Exchange, body: Buffer): void {
  exchange.body = body
  exchange.heldBytes = body.length
}

/** In one piece that grows, as a body may come byte by byte. */
function append(exchange: Exchange, filled: number, chunk: Buffer, bytesMax: number): void {
  const wanted = filled + chunk.length
  // The first piece is what was read from the connection: there is nothing behind it.
  if (wanted > exchange.body.length) {
    const most = exchange.declaredBytes < 0 ? bytesMax : exchange.declaredBytes
    const larger = Buffer.allocUnsafeSlow(Math.min(most, Math.max(GROWN_BYTES_MIN, 2 * wanted)))
    exchange.body.copy(larger, 0, 0, filled)
    hold(exchange, larger)
  }
  chunk.copy(exchange.body, filled)
}

function complete(exchange: Exchange, taker: BodyTaker): void {
  exchange.record.value = exchange.body.subarray(0, exchange.receivedBytes)
  taker.complete(exchange)
}
