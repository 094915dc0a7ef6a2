// Takes the body of a request: to its end, or to its limit. One listener for all: a request keeps its exchange.

import type { IncomingMessage } from 'node:http'
import type { Exchange } from './exchange.js'

/** Who is told. */
export type BodyTaker = {
  readonly bodyBytesMax: number
  /** Bytes have come, and are held. */
  held(bytes: number): void
  /** The body is there: it is the value of the record. */
  complete(exchange: Exchange): void
  /** More came than may come. */
  tooLarge(exchange: Exchange): void
}

const EXCHANGE = Symbol('exchange')
const TAKER = Symbol('taker')
type Receiving = IncomingMessage & { [EXCHANGE]: Exchange; [TAKER]: BodyTaker }
/** Of a connection, the exchange whose body came last. */
type Carrier = Exchange['socket'] & { [EXCHANGE]?: Exchange }

/** How much of a refused body is read and forgotten, so that the client can read the answer. */
export const DISCARD_BYTES_MAX = 16_777_216

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

/** Gives the exchange whose body comes on this connection, if there is one. */
export function receivingOn(socket: Exchange['socket']): Exchange | undefined {
  const exchange = (socket as Carrier)[EXCHANGE]
  return exchange?.state === 'receiving' ? exchange : undefined
}

function onData(this: Receiving, chunk: Buffer): void {
  const exchange = this[EXCHANGE]
  const taker = this[TAKER]
  exchange.receivedBytes += chunk.length
  if (exchange.state !== 'receiving') {
    if (exchange.receivedBytes > DISCARD_BYTES_MAX) this.socket.destroy()
    return
  }
  taker.held(chunk.length)
  if (exchange.receivedBytes > taker.bodyBytesMax) {
    taker.tooLarge(exchange)
    return
  }
  // Usually the whole body comes at once.
  const isWhole = exchange.receivedBytes === exchange.declaredBytes
  if (isWhole && exchange.chunks === undefined) exchange.record.value = chunk
  else if (exchange.chunks === undefined) exchange.chunks = [chunk]
  else exchange.chunks.push(chunk)
  if (isWhole) complete(exchange, taker)
}

function onEnd(this: Receiving): void {
  const exchange = this[EXCHANGE]
  if (exchange.state === 'receiving') complete(exchange, this[TAKER])
}

function complete(exchange: Exchange, taker: BodyTaker): void {
  const { chunks } = exchange
  if (chunks !== undefined) {
    exchange.record.value = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
    exchange.chunks = undefined
  }
  taker.complete(exchange)
}
