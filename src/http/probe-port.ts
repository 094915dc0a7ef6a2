// Looks whether a port is free, and changes nothing: listens, and closes at once.

import { type AddressInfo, createServer } from 'node:net'
import { listenError } from './listen-error.js'

/**
 * Gives the port, or one that is free where 0 is asked for. Rejects with ERR_OPEN where nobody could listen there, also where somebody
 * does who would share it.
 */
export function probePort(name: string, address: { port: number; host: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error) => reject(listenError(name, address, error)))
    server.listen(address, () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
