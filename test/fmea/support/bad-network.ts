// A TCP proxy between a client and a server that does what networks do: it stops, forgets, resets, and is slow.

import { once } from 'node:events'
import { createServer, connect as open, type Server, type Socket } from 'node:net'

type Pair = { client: Socket; server: Socket; bytesUp: number; bytesDown: number; isForgotten: boolean }
type Direction = 'up' | 'down'

export class BadNetwork {
  port = 0
  readonly pairs: Pair[] = []
  private readonly listener: Server
  private readonly serverPort: number
  private isStopped = false
  private cut: { direction: Direction; bytes: number } | undefined

  private constructor(serverPort: number) {
    this.serverPort = serverPort
    this.listener = createServer((client) => this.join(client))
  }

  static async before(serverPort: number, port = 0): Promise<BadNetwork> {
    const network = new BadNetwork(serverPort)
    network.listener.listen(port, '127.0.0.1')
    await once(network.listener, 'listening')
    network.port = (network.listener.address() as { port: number }).port
    return network
  }

  /** Nothing goes through any more, and nobody is told. */
  stop(): void {
    this.isStopped = true
    for (const { client, server } of this.pairs) for (const socket of [client, server]) socket.pause()
  }

  /** What was held up goes through. */
  goOn(): void {
    this.isStopped = false
    for (const { client, server, isForgotten } of this.pairs)
      if (!isForgotten) for (const socket of [client, server]) socket.resume()
  }

  /** Connections of now are half open: nothing goes through them any more, and nobody is told. New ones are as they should be. */
  forget(): void {
    for (const pair of this.pairs) {
      pair.isForgotten = true
      for (const socket of [pair.client, pair.server]) socket.pause()
    }
  }

  /** Clients are gone, and the server does not hear of it. */
  loseClients(): void {
    this.stop()
    for (const { client } of this.pairs) client.destroy()
  }

  /** Both ends are reset now. */
  reset(): void {
    for (const { client, server } of this.pairs)
      for (const socket of [client, server]) socket.resetAndDestroy()
  }

  /** Connections from now on are reset once so many bytes went that way; the last of them arrive. */
  resetAfter(direction: Direction, bytes: number): void {
    this.cut = { direction, bytes }
  }

  /** True when the server has ended all connections. */
  get isEmpty(): boolean {
    return this.pairs.every(({ server }) => server.destroyed || server.readableEnded)
  }

  async end(): Promise<void> {
    this.reset()
    this.listener.close()
    await once(this.listener, 'close')
  }

  private join(client: Socket): void {
    const server = open(this.serverPort, '127.0.0.1')
    const pair: Pair = { client, server, bytesUp: 0, bytesDown: 0, isForgotten: false }
    this.pairs.push(pair)
    for (const socket of [client, server]) {
      socket.setNoDelay(true).on('error', () => {})
      if (this.isStopped) socket.pause()
    }
    this.carry(pair, 'up', client, server)
    this.carry(pair, 'down', server, client)
  }

  private carry(pair: Pair, direction: Direction, from: Socket, to: Socket): void {
    const isHeld = () => this.isStopped || pair.isForgotten
    from.on('data', (bytes: Buffer) => {
      const name = direction === 'up' ? 'bytesUp' : 'bytesDown'
      pair[name] += bytes.length
      const isCut = this.cut?.direction === direction && pair[name] >= this.cut.bytes
      const onSent = isCut ? () => this.reset() : undefined
      if (!to.write(bytes, onSent) && !isCut) {
        from.pause()
        to.once('drain', () => isHeld() || from.resume())
      }
    })
    from.on('end', () => isHeld() || to.end())
    from.on('close', () => isHeld() || to.destroy())
  }
}
