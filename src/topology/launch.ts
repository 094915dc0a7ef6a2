// Brings a topology up on threads, or inline, and gives the handle of the running one.

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MillraceError, messageOf } from '../kernel/failure.js'
import type { LogWriter } from '../kernel/log.js'
import type { Threads } from '../kernel/threads.js'
import { type BegunFiles, openBegunFiles } from './begun-files.js'
import { checkEnds } from './check-ends.js'
import { isTopology } from './define.js'
import { fingerprintOf } from './fingerprint.js'
import type { Hands, HandsOptions } from './hands.js'
import { LastErrors } from './last-errors.js'
import { loadTopology } from './load.js'
import { createMemory } from './memory.js'
import { planOf } from './plan.js'
import type { Running } from './running.js'
import type { StartOptions } from './start.js'
import { Supervisor } from './supervisor.js'
import { ThreadHands } from './thread-hands.js'
import type { Topology } from './types.js'

type Shared = HandsOptions & { errors: LastErrors }

/** What start() does. Without threads everything runs inline; with them, whatever is not needed of them is ended. */
export async function launch(
  target: URL | string | Topology,
  options: StartOptions,
  threads?: Threads,
): Promise<Running> {
  if (isTopology(target)) return launchInline(target, options)
  const url = urlOf(target)
  const loaded = await loadTopology(url)
  const topology = await asAsked(loaded, options)
  if (threads === undefined || topology.inline) {
    await threads?.destroy()
    return launchInline(topology, { ...options, threads: 0 })
  }
  const shared = await prepare(topology, options)
  const module = { module: url.href, fingerprint: await fingerprintOf(loaded, url), replay: options.replay }
  return supervise(shared, new ThreadHands({ ...shared, ...module }, threads), options)
}

/** The topology as it is defined, or with dead letters in the place of its source. */
async function asAsked(topology: Topology, { replay }: StartOptions): Promise<Topology> {
  return replay === undefined ? topology : (await import('./replay.js')).withReplay(topology, replay)
}

async function launchInline(loaded: Topology, options: StartOptions): Promise<Running> {
  const topology = options.threads === 0 ? { ...loaded, inline: true } : loaded
  if (!topology.inline) {
    const what = `topology "${topology.name}": start(): got a topology that runs on threads, wanted the URL of its module: every thread imports it again. Or say threads: 0`
    throw new MillraceError('ERR_CONFIG', what)
  }
  const shared = await prepare(topology, options)
  const { InlineHands } = await import('./inline-hands.js')
  return supervise(shared, new InlineHands(shared), options)
}

async function prepare(topology: Topology, options: StartOptions): Promise<Shared> {
  const plan = planOf(topology)
  const [problem] = await checkEnds(topology)
  if (problem !== undefined) throw problem
  const runKey = crypto.getRandomValues(new Int32Array(2)) as unknown as [number, number]
  const life = { runKey, incarnation: 0, begun: begunOf(topology, options) }
  const errors = new LastErrors(options.log ?? logToStderr)
  const logLevel = options.logLevel ?? (options.log === undefined ? 'warn' : 'trace')
  return { topology, plan, memory: createMemory(plan), log: errors.write, logLevel, life, errors }
}

async function supervise(shared: Shared, hands: Hands, options: StartOptions): Promise<Running> {
  const { topology, plan, memory, life, errors, log } = shared
  const admin = await adminOf(topology, options, log)
  const supervisor = new Supervisor({
    topology,
    plan,
    memory,
    hands,
    errors,
    begun: life.begun,
    admin: admin && { url: admin.url, port: admin.port },
  })
  const closeAdmin = () => void admin?.close()
  try {
    await supervisor.start()
  } catch (error) {
    closeAdmin()
    throw error
  }
  admin?.attach({
    inspect: () => supervisor.inspect(),
    counters: supervisor.inspector.counters,
    mailboxes: memory.mailboxes,
  })
  supervisor.finished.then(closeAdmin, closeAdmin)
  return supervisor
}

async function adminOf(topology: Topology, options: StartOptions, log: LogWriter) {
  if (topology.admin === undefined && options.admin === undefined) return undefined
  const { openAdminFor } = await import('./open-admin-for.js')
  return openAdminFor(topology, options.admin, log)
}

/** Where what is begun is noted: the directory that is given, or the source's own. */
function begunOf(topology: Topology, options: StartOptions): BegunFiles | undefined {
  const { checkpoint } = topology.source
  const directory = options.state ?? (checkpoint === undefined ? undefined : join(checkpoint, 'begun'))
  if (directory === undefined) return undefined
  try {
    return openBegunFiles(directory)
  } catch (cause) {
    const what = `topology "${topology.name}": ${directory}: cannot be written: ${messageOf(cause)}`
    throw new MillraceError('ERR_OPEN', what, { cause })
  }
}

function urlOf(target: unknown): URL {
  if (target instanceof URL) return target
  if (typeof target === 'string')
    return /^[a-z]+:\/\//i.test(target) ? new URL(target) : pathToFileURL(target)
  throw new MillraceError(
    'ERR_CONFIG',
    `start(): got ${target === null ? 'null' : typeof target}, wanted the URL or path of a topology module`,
  )
}

const logToStderr: LogWriter = ({ level, actor, message, fields }) => {
  if (level === 'trace' || level === 'debug' || level === 'info') return
  process.stderr.write(
    `${level} ${actor}: ${message}${fields === undefined ? '' : ` ${JSON.stringify(fields)}`}\n`,
  )
}
