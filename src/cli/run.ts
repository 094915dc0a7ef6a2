// `millrace run <module>`: runs a topology until its source ends, a signal drains it, or it fails.
// All that it says goes to stderr; stdout carries data only.

import { LOG_LEVELS, type LogLevel, type LogWriter } from '../kernel/log.js'
import { watchLoading } from '../topology/loading.js'
import type { Running, Summary } from '../topology/running.js'
import { countText } from './format.js'
import type { Io } from './io.js'
import { moduleUrl, whileLoading } from './load-module.js'
import { createLogWriter } from './log-writer.js'
import { integerOf, wordOf } from './option-value.js'
import { createProgressLine, type ProgressLine } from './progress.js'
import { codeOfExit, errorText, isClosedPipe } from './report.js'
import { Signals } from './signals.js'
import { failedSummary, writeSummary } from './summary.js'
import { type OptionValues, UsageError, type Verb } from './verb.js'

/** How a topology is started: `start` of the topology folder, or a test's. */
export type Start = (
  target: URL,
  options: { log: LogWriter; logLevel: LogLevel; threads?: 0; state?: string; admin?: { port: number } },
) => Promise<Running>

type Command = {
  url: URL
  level: LogLevel
  isJson: boolean
  isQuiet: boolean
  hasProgress: boolean
  isInline: boolean
  adminPort?: number | undefined
}

type RunContext = {
  readonly command: Command
  readonly io: Io
  readonly line: ProgressLine
  readonly say: (text: string) => void
  readonly signals: Signals
  running?: Running
}

export const runVerb: Verb = {
  name: 'run',
  summary: 'Run a topology module until its source ends or a signal drains it.',
  operands: ['module'],
  options: {
    json: {
      type: 'boolean',
      help: 'Write the summary as one line of JSON (to stderr: stdout carries data only).',
    },
    quiet: { type: 'boolean', help: 'No progress, no summary.' },
    threads: {
      type: 'string',
      value: '0',
      help: '0: everything in one loop, no worker threads; for debugging.',
    },
    restarts: {
      type: 'string',
      value: 'count',
      help: 'Start it again after a crash of the process, at most so often in a row.',
    },
    'admin-port': {
      type: 'string',
      value: 'port',
      help: 'Tell how it stands on this port of this machine: probes, metrics, a live page. 0: one that is free.',
    },
    'no-progress': { type: 'boolean', help: 'No progress.' },
    'log-level': {
      type: 'string',
      value: 'level',
      help: `${LOG_LEVELS.join(', ')}; default MILLRACE_LOG_LEVEL, or info.`,
    },
  },
  notes: [
    'The first SIGINT or SIGTERM drains: reading stops, and what is in flight is finished. The second stops at once.',
    'Exit code 0: every record read was acked, or the drain was clean; 1: it failed, or records were nacked for good;',
    '2: the module, its configuration or an option is unusable, or something could not be opened.',
  ].join('\n'),
  async main(operands, options, io) {
    const command = commandOf(operands[0], options, io)
    const restartsMax = integerOf('--restarts', options.restarts, 0, 1_000_000)
    if (restartsMax !== undefined) {
      return (await import('./restarts.js')).runWithRestarts({
        args: argsOf(operands, options),
        restartsMax,
        io,
      })
    }
    // Loaded when the signals are listened for: it takes a while.
    const start: Start = async (...given) => {
      const { start } = await import('../topology/start.js')
      return whileLoading(io, command.url, () => start(...given))
    }
    return run(command, io, start)
  },
}

/** Reads the options; throws UsageError for a value that is none. */
export function commandOf(module: string, options: OptionValues, io: Io): Command {
  const isQuiet = options.quiet === true
  const isJson = options.json === true
  const { threads } = options
  if (threads !== undefined && threads !== '0') {
    throw new UsageError(
      `--threads: got ${JSON.stringify(threads)}, wanted 0 (the topology says how many threads it has)`,
    )
  }
  return {
    url: moduleUrl(module, io),
    level:
      wordOf('--log-level', options['log-level'], LOG_LEVELS) ??
      wordOf('MILLRACE_LOG_LEVEL', io.env.MILLRACE_LOG_LEVEL || undefined, LOG_LEVELS) ??
      'info',
    isJson,
    isQuiet,
    hasProgress: !isQuiet && !isJson && options['no-progress'] !== true,
    isInline: threads === '0',
    adminPort: integerOf('--admin-port', options['admin-port'], 0, 65_535),
  }
}

/** Runs it, and gives the exit code. Everything has been said when it resolves. */
export async function run(command: Command, io: Io, start: Start): Promise<number> {
  const line = createProgressLine(io, command.hasProgress)
  const say = (text: string) => {
    line.clear()
    io.stderr.write(`millrace: ${text}\n`)
  }
  const signals = new Signals(io, say)
  const context: RunContext = { command, io, line, say, signals }
  const unwatch = watchLoading(command.url, (isLoading) => signals.loading(isLoading))
  try {
    return await follow(context, start)
  } catch (error) {
    line.end()
    return fail(error, context)
  } finally {
    unwatch()
    signals.end()
  }
}

async function follow(context: RunContext, start: Start): Promise<number> {
  const { command, io, line, signals } = context
  const log = createLogWriter(io, command.level, line.clear)
  // Set to nothing is not set.
  const state = io.env.MILLRACE_STATE || undefined
  const starting = start(command.url, {
    log,
    logLevel: command.level,
    ...(command.isInline && { threads: 0 }),
    ...(state !== undefined && { state }),
    ...(command.adminPort !== undefined && { admin: { port: command.adminPort } }),
  })
  const running = await Promise.race([starting, signals.forced])
  if (typeof running === 'string') return endForced(running, context)
  context.running = running
  line.begin(running.inspect().name, () => running.progress())
  signals.attach(running)
  const ended = await Promise.race([running.finished, signals.forced]).catch((error) => {
    if (!signals.isForced) throw error
  })
  line.end()
  // A stop by signal is told as one, whatever it made of `finished`.
  if (signals.isForced) return endForced(await signals.forced, context)
  return finish(ended as Summary, context)
}

function finish(summary: Summary, { command, io, say }: RunContext): number {
  if (!command.isQuiet) writeSummary(summary, command.isJson, io)
  if (summary.ok) return 0
  const open = summary.read - summary.acked - summary.abandoned
  say(`${countText(open)} of ${countText(summary.read)} records read were not acked`)
  return 1
}

function endForced(text: string, { io, say }: RunContext): number {
  say(text)
  // What would not stop may keep the process alive: it is not waited for.
  io.exit(1)
  return 1
}

function fail(error: unknown, { command, io, running }: RunContext): number {
  // `millrace … | head`: the reader has what it wanted.
  if (io.stdoutIsPipe && isClosedPipe(error)) return 0
  if (running !== undefined && !command.isQuiet) {
    writeSummary(failedSummary(running.inspect().name, running.progress()), command.isJson, io)
  }
  io.stderr.write(errorText(error))
  return codeOfExit(error)
}

/** Gives the arguments of the run that a parent starts: all but `--restarts`. */
function argsOf(operands: readonly string[], options: OptionValues): string[] {
  const given = Object.entries(options).filter(([name]) => name !== 'restarts')
  return [...operands, ...given.map(([name, value]) => (value === true ? `--${name}` : `--${name}=${value}`))]
}
