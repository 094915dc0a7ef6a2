// Loads a topology module for a verb. What its code throws meanwhile where nobody catches it is an error like any other: one
// line and an exit code, where Node would print a stack.

import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Topology } from '../topology/types.js'
import type { Io } from './io.js'
import { codeOfExit, errorText } from './report.js'

/** Gives the URL of a module that is an operand. */
export function moduleUrl(module: string, io: Io): URL {
  return pathToFileURL(resolve(io.cwd, module))
}

/** Gives the topology of a module. Rejects with ERR_MODULE or ERR_CONFIG. */
export async function loadModule(module: string, io: Io): Promise<Topology> {
  const url = moduleUrl(module, io)
  const { loadTopology } = await import('../topology/load.js')
  return whileLoading(io, url, () => loadTopology(url))
}

/** Does something that loads a module, and ends the process where the module throws at nobody. */
export async function whileLoading<Loaded>(io: Io, url: URL, load: () => Promise<Loaded>): Promise<Loaded> {
  const ignoreStrays = io.onStray((thrown) => void endWith(thrown, url, io))
  try {
    const loaded = await load()
    // A rejection is told when the turn is over in which nobody caught it.
    await new Promise<void>((resolve) => io.after(0, resolve, true))
    return loaded
  } finally {
    ignoreStrays()
  }
}

async function endWith(thrown: unknown, url: URL, io: Io): Promise<void> {
  const { explainImport } = await import('../topology/import-failure.js')
  const error = explainImport(thrown, url)
  io.stderr.write(errorText(error))
  io.exit(codeOfExit(error))
}
