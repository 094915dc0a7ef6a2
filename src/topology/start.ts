// start() and run(). What they need is loaded when they are called: a topology module, which every thread imports, calls neither.

import type { AdminOptions } from '../admin/admin-options.js'
import { MillraceError, messageOf } from '../kernel/failure.js'
import { LOG_LEVELS, type LogLevel, type LogWriter } from '../kernel/log.js'
import { checkNames, unusable } from '../kernel/options.js'
import type { Replay } from '../replay/dead-line.js'
import type { TopicReplay } from '../replay/topic-letters.js'
import type { Running, Summary } from './running.js'
import type { Topology } from './types.js'

export type StartOptions = {
  /** Where log records go. Default: warnings and worse to stderr, a line each. */
  log?: LogWriter
  /** What is less than this stays on its thread, and costs next to nothing there. Default: `trace` with a `log`, `warn` without. */
  logLevel?: LogLevel
  /** 0: everything in one loop of this thread. */
  threads?: 0
  /**
   * A directory in which it is noted what is in user code, so that a record that kills the process again and again is found.
   * Of this topology alone. Default: in the source's checkpoint, where it has one.
   */
  state?: string
  /** Where it tells how it stands, over HTTP; goes over what the topology says, field by field. */
  admin?: Partial<AdminOptions>
  /** Internal, of `millrace replay`: the dead letters that are read in place of the source. */
  replay?: Replay | TopicReplay
}

/**
 * Starts a topology: the URL (or path) of a module whose default export it is, or, inline, a topology itself.
 * Resolves when it runs. Rejects with ERR_MODULE, ERR_CONFIG or ERR_OPEN when it cannot: then nothing was read.
 */
export async function start(target: URL | string | Topology, options: StartOptions = {}): Promise<Running> {
  checkOptions(options)
  const isModule = target instanceof URL || typeof target === 'string'
  // Threads take longest to come up, so they do it while the topology is loaded and checked: until then nothing runs on them.
  const threads =
    isModule && options.threads !== 0 ? (await import('./thread-pool.js')).createThreads() : undefined
  try {
    const { launch } = await import('./launch.js')
    return await launch(target, options, threads)
  } catch (error) {
    await threads?.destroy()
    throw isOutOfDescriptors(error)
      ? new MillraceError('ERR_OPEN', `start(): ${messageOf(error)}: raise the limit of open files`, {
          cause: error,
        })
      : error
  }
}

/** start(), and wait for the end. Rejects with the MillraceError that stopped it. */
export async function run(target: URL | string | Topology, options: StartOptions = {}): Promise<Summary> {
  return (await start(target, options)).finished
}

/** Threads, modules and files need descriptors. */
function isOutOfDescriptors(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown }
  return code === 'EMFILE' || code === 'ENFILE'
}

function checkOptions(options: StartOptions): void {
  checkNames('start()', options, ['log', 'logLevel', 'threads', 'state', 'admin', 'replay'], '{ threads: 0 }')
  const { threads, log, logLevel, state } = options
  if (threads !== undefined && threads !== 0)
    throw unusable('start(): threads', threads, '0, or nothing: map threads are in the topology')
  if (state !== undefined && (typeof state !== 'string' || state === ''))
    throw unusable('start(): state', state, 'the path of a directory')
  if (log !== undefined && typeof log !== 'function') throw unusable('start(): log', log, 'a function')
  if (logLevel !== undefined && !LOG_LEVELS.includes(logLevel))
    throw unusable('start(): logLevel', logLevel, `one of ${LOG_LEVELS.join(', ')}`)
}
