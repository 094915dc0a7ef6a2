// Loads a topology module: every thread does it again, so closures and imports just work there.
// Whatever goes wrong is an ERR_MODULE that says what, where and what to do; what defineTopology threw is passed on.

import { isMillraceError, MillraceError, messageOf } from '../kernel/failure.js'
import { show } from '../kernel/show.js'
import { isTopology } from './define.js'
import { explainImport } from './import-failure.js'
import { beginLoading } from './loading.js'
import { checkFile, placeText } from './module-file.js'
import { withoutModuleWarning } from './module-warning.js'
import type { Topology } from './types.js'

/** Loads the topology that a module exports as default. Throws ERR_MODULE, or ERR_CONFIG of defineTopology. */
export async function loadTopology(url: URL): Promise<Topology> {
  await checkFile(url)
  const module = await importModule(url)
  const place = placeText(url)
  try {
    return topologyOf(module, place)
  } catch (error) {
    if (isMillraceError(error)) throw error
    const what = `the default export throws when it is looked at: ${messageOf(error)}`
    throw new MillraceError('ERR_MODULE', `module ${place}: ${what}`, { cause: error })
  }
}

// A top-level await that never settles leaves nothing to wait for, and the process would end as if all were well.
async function importModule(url: URL): Promise<Record<string, unknown>> {
  let onIdle = () => {}
  const idle = new Promise<never>((_, reject) => {
    onIdle = () =>
      reject(new MillraceError('ERR_MODULE', `module ${placeText(url)}: a top-level await never settles`))
  })
  process.once('beforeExit', onIdle)
  const endLoading = beginLoading(url)
  try {
    return await withoutModuleWarning(() => Promise.race([import(url.href), idle]))
  } catch (error) {
    throw await explainImport(error, url)
  } finally {
    endLoading()
    process.off('beforeExit', onIdle)
  }
}

function topologyOf(module: Record<string, unknown>, place: string): Topology {
  const given = module.default
  if (isTopology(given)) return readable(given)
  // What a compiler to CommonJS makes of `export default`.
  const inner = (given as { default?: unknown } | null | undefined)?.default
  if (isTopology(inner)) return readable(inner)
  const what = given === undefined ? 'no default export' : `the default export is ${show(given)}`
  throw new MillraceError('ERR_MODULE', `module ${place}: ${what}, ${remedyOf(module, given)}`)
}

// A proxy around one may throw later, where nobody would know whose it is.
function readable(topology: Topology): Topology {
  void { ...topology }
  return topology
}

function remedyOf(module: Record<string, unknown>, given: unknown): string {
  const named = Object.keys(module).find((key) => isTopology(module[key]))
  if (named !== undefined)
    return `wanted a topology: it exports one as "${named}", so write \`export default ${named}\``
  if (given instanceof Promise) return 'wanted a topology: write `export default await …`'
  if (isAsyncFunction(given)) return 'wanted a topology: export what the function returns, and await it'
  if (typeof given === 'function') return 'wanted a topology: export what the function returns'
  const isRaw = typeof given === 'object' && given !== null && 'source' in given && 'sink' in given
  return `wanted a topology: ${isRaw ? 'wrap it in defineTopology' : 'write `export default defineTopology({ … })`'}`
}

function isAsyncFunction(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object AsyncFunction]'
}
