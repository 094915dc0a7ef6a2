// Brings a topology up on threads, or inline, and gives the handle of the running one.

import { pathToFileURL } from 'node:url'
import { MillraceError } from '../kernel/failure.js'
import type { LogWriter } from '../kernel/log.js'
import { isTopology } from './define.js'
import { fingerprintOf } from './fingerprint.js'
import { InlineHands } from './inline-hands.js'
import { loadTopology } from './load.js'
import { createMemory } from './memory.js'
import { planOf } from './plan.js'
import type { Running } from './running.js'
import type { StartOptions } from './start.js'
import { Supervisor } from './supervisor.js'
import { ThreadHands } from './thread-hands.js'
import type { Topology } from './types.js'

/** What start() does. */
export async function launch(target: URL | string | Topology, options: StartOptions): Promise<Running> {
  const url = isTopology(target) ? undefined : urlOf(target)
  const loaded = url === undefined ? (target as Topology) : await loadTopology(url)
  const topology = options.threads === 0 ? { ...loaded, inline: true } : loaded
  if (url === undefined && !topology.inline) {
    const what = `topology "${topology.name}": start(): got a topology that runs on threads, wanted the URL of its module: every thread imports it again. Or say threads: 0`
    throw new MillraceError('ERR_CONFIG', what)
  }
  const log = options.log ?? logToStderr
  const plan = planOf(topology)
  const memory = createMemory(plan)
  const life = { runKey: crypto.getRandomValues(new Int32Array(2)) as unknown as [number, number], incarnation: 0, epoch: 1 }
  const shared = { topology, plan, memory, log, life }
  const hands =
    url === undefined || topology.inline
      ? new InlineHands(shared)
      : new ThreadHands({ ...shared, module: url.href, fingerprint: await fingerprintOf(topology, url) })
  const supervisor = new Supervisor({ topology, plan, memory, hands })
  await supervisor.start()
  return supervisor
}

function urlOf(target: unknown): URL {
  if (target instanceof URL) return target
  if (typeof target === 'string') return /^[a-z]+:\/\//i.test(target) ? new URL(target) : pathToFileURL(target)
  throw new MillraceError('ERR_CONFIG', `start(): got ${target === null ? 'null' : typeof target}, wanted the URL or path of a topology module`)
}

const logToStderr: LogWriter = ({ level, actor, message, fields }) => {
  if (level === 'trace' || level === 'debug' || level === 'info') return
  process.stderr.write(`${level} ${actor}: ${message}${fields === undefined ? '' : ` ${JSON.stringify(fields)}`}\n`)
}

