// The sockets of one kafkajs client. kafkajs goes on with a connection on which an answer did not come, though nothing will ever
// come on it any more, and when it ends one it waits for what is under way, for ever (https://github.com/tulios/kafkajs/issues/918).
// So both are ended here, below it.

import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ISocketFactory, RequestTimeoutEvent } from 'kafkajs'
import { wait } from '../wait.js'

const KEEP_ALIVE_MS = 60_000
const END_MS = 4_000

export class KafkajsSockets {
  /** Each with its broker. */
  readonly #open = new Map<Socket, string>()
  readonly #over = new AbortController()

  /** As kafkajs makes them. */
  readonly factory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    const named = isIP(host) ? {} : { servername: host }
    const socket = ssl
      ? connectTls({ host, port, ...named, ...ssl }, onConnect)
      : connect({ host, port }, onConnect)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    this.#open.set(socket, `${host}:${port}`)
    socket.once('close', () => this.#open.delete(socket))
    return socket
  }

  /** A broker has not answered in time: what waits for it fails, and who asks again connects again. */
  readonly onTimeout = ({ payload: { broker, apiName } }: RequestTimeoutEvent): void => {
    this.endOf(broker, `no answer to ${apiName}`)
  }

  endOf(broker: string, why: string): void {
    for (const [socket, of] of this.#open) if (of === broker) end(socket, why)
  }

  /** A consumer that has crashed says so when it has ended, which must not take for ever. */
  async endSoon(): Promise<void> {
    await wait(END_MS, this.#over.signal)
    this.endAll()
  }

  /** Nothing waits for anything any more. */
  endAll(): void {
    this.#over.abort()
    for (const socket of this.#open.keys()) end(socket, 'it is closed')
  }
}

function end(socket: Socket, why: string): void {
  // Who logs in is told by this alone; all others by the error.
  socket.emit('end')
  socket.destroy(new Error(why))
}
