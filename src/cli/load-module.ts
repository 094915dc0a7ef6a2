// Loads a topology module for a verb. What its code throws meanwhile where nobody catches it is an error like any other: one
// line and an exit code, where Node would print a stack.

import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MillraceError } from '../kernel/failure.js'
import { isLoading } from '../topology/loading.js'
import { placeText } from '../topology/module-file.js'
import type { Topology } from '../topology/types.js'
import type { Io } from './io.js'
import { codeOfExit, errorText } from './report.js'

/** A module that takes longer is spoken of. */
const SLOW_MS = 5_000

/** Gives the URL of a module that is an operand. Throws ERR_MODULE where that is one already. */
export function moduleUrl(module: string, io: Io): URL {
  if (/^[a-z][a-z+.-]+:\/\//i.test(module))
    throw new MillraceError('ERR_MODULE', `module ${module}: a URL, wanted a path`)
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
  const place = placeText(url)
  const ignoreStrays = io.onStray((thrown) => void endWith(thrown, url, io))
  const ignoreExit = io.onExit((code) => {
    if (!isLoading(url)) return
    const what = `module ${place}: it called process.exit (code ${code}) while it was loaded`
    end(new MillraceError('ERR_MODULE', what), io)
  })
  const forgetSlow = io.after(SLOW_MS, () => {
    const what = `${place} is still loading after ${SLOW_MS / 1_000} s (a top-level await that does not settle?)`
    if (isLoading(url)) io.stderr.write(`millrace: warning: ${what}\n`)
  })
  try {
    const loaded = await load()
    // A rejection is told when the turn is over in which nobody caught it.
    await new Promise<void>((resolve) => io.after(0, resolve, true))
    return loaded
  } finally {
    forgetSlow()
    ignoreExit()
    ignoreStrays()
  }
}

async function endWith(thrown: unknown, url: URL, io: Io): Promise<void> {
  const { explainImport } = await import('../topology/import-failure.js')
  end(await explainImport(thrown, url), io)
}

function end(error: MillraceError, io: Io): void {
  io.stderr.write(errorText(error))
  io.exit(codeOfExit(error))
}
