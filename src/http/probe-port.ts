// Looks whether a port is free, and changes nothing: listens, and closes at once.

import { createServer } from 'node:net'
import { listenError } from './listen-error.js'

/** Rejects with ERR_OPEN where nobody could listen there. Port 0 is always free. */
export function probePort(name: string, address: { port: number; host: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error) => reject(listenError(name, address, error)))
    server.listen(address, () => server.close(() => resolve()))
  })
}
