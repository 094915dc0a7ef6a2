// tsx on a worker thread: before Node 22.18 `--import tsx` has no effect there, so it is registered by hand.
// Where Node loads TypeScript by itself, or tsx was not asked for, nothing is done.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const GIVEN = /--(?:import|loader|experimental-loader)[=\s]+"?([^\s"]*\btsx\b[^\s"]*)/

/** Registers tsx on this thread, if the process was started with it; what goes wrong is told by the import that comes next. */
export async function loadTypescriptLoader(module: URL): Promise<void> {
  const given = givenLoader()
  const api = given === undefined ? undefined : tsxApi(given, module)
  if (api === undefined) return
  const { register } = (await import(api.href)) as { register?: () => unknown }
  register?.()
}

/** Gives what tsx is called where the process was started with it and Node does not load TypeScript by itself. */
export function givenLoader(): string | undefined {
  if ((process.features as { typescript?: unknown }).typescript) return undefined
  return GIVEN.exec([...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' '))?.[1]
}

/** Finds the user's tsx: ours may be another package's, or none. Node looks for it from the working directory. */
export function tsxApi(given: string, module: URL): URL | undefined {
  for (const from of [given, pathToFileURL(join(process.cwd(), 'x')), module]) {
    try {
      const manifest = createRequire(from).resolve('tsx/package.json')
      const { exports } = JSON.parse(readFileSync(manifest, 'utf8'))
      // `require.resolve` would give its CommonJS entry.
      const entry = exports['./esm/api'].import
      return new URL(typeof entry === 'string' ? entry : entry.default, pathToFileURL(manifest))
    } catch {
      // Not from there: `given` is a bare name, unless the command tsx wrote it.
    }
  }
  return undefined
}
