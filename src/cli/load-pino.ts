// Loads pino when there is something to log: it takes longer than all else that the command line imports.

import { createRequire } from 'node:module'

export function loadPino(): typeof import('pino').pino {
  return (createRequire(import.meta.url)('pino') as typeof import('pino')).pino
}
