// When whoever reads our stdout has gone, as `head` does: then there is nobody to write for.

import type { Terminal } from './io.js'

/** Calls it once. */
export function whenGone(stdout: Terminal, call: () => void): void {
  const stream = stdout as Terminal & Partial<Pick<NodeJS.WriteStream, 'once'>>
  stream.once?.('error', call)
}
