// `millrace top --admin <port>`: a live table of how a running topology stands; plain text, once, where stdout is no terminal.

import type { Inspection } from '../topology/running.js'
import { type AdminClient, AdminError, notAdmin } from './admin-client.js'
import { countText, painter } from './format.js'
import type { Io } from './io.js'
import { integerOf } from './option-value.js'
import { ADMIN_OPTIONS, adminClientOf } from './tap-admin.js'
import { whenGone } from './tap-gone.js'
import { printable } from './tap-printable.js'
import { frameOf, type Line, lineText } from './top-frame.js'
import { type Keyboard, listenForKeys } from './top-keys.js'
import { openScreen } from './top-screen.js'
import type { OptionValues, Verb } from './verb.js'

type Command = { client: AdminClient; intervalMs: number; isOnce: boolean; isJson: boolean }
/** Shows one look, or, where there was none, why; `view` is the last one. */
type Show = (view: Inspection, note: string | undefined) => void

const INTERVAL_MS = 1_000
const INTERVAL_MS_MIN = 100
const INTERVAL_MS_MAX = 60_000

export const topVerb: Verb = {
  name: 'top',
  summary: 'Show how a running topology stands, as a table that is kept up to date.',
  operands: [],
  options: {
    ...ADMIN_OPTIONS,
    interval: { type: 'string', value: 'ms', help: 'How often it looks: 100 to 60,000; default 1,000.' },
    once: { type: 'boolean', help: 'Look once; so it does, too, where stdout is no terminal.' },
    json: { type: 'boolean', help: 'Write each look as a line of JSON.' },
  },
  notes: [
    'q or Ctrl-C ends it. Rates and latencies are of the last seconds; the latency of a reader is from read to ack.',
    'Exit code 0: it was stopped, or the topology has ended; 1: the topology has failed; 2: the port or an option is unusable.',
  ].join('\n'),
  async main(_operands, options, io) {
    return top(commandOf(options, io), io, process.stdin)
  },
}

export async function top(command: Command, io: Io, keyboard: Keyboard): Promise<number> {
  try {
    if (!command.isJson && io.stdout.isTTY === true && !command.isOnce)
      return await live(command, io, keyboard)
    const stop = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM']) io.signals.on(signal, () => stop.abort())
    whenGone(io.stdout, () => stop.abort())
    const isOnce = command.isOnce || !command.isJson
    const show = command.isJson ? jsonShow(io) : plainShow(io)
    const last = await follow({ ...command, isOnce }, io, stop.signal, show)
    return isOnce ? 0 : ended(last, io)
  } catch (error) {
    if (!(error instanceof AdminError)) throw error
    io.stderr.write(`millrace top: ${error.message}\n`)
    return 2
  }
}

export function commandOf(options: OptionValues, io: Io): Command {
  const intervalMs =
    integerOf('--interval', options.interval, INTERVAL_MS_MIN, INTERVAL_MS_MAX) ?? INTERVAL_MS
  const client = adminClientOf(options, io)
  return { client, intervalMs, isOnce: options.once === true, isJson: options.json === true }
}

async function live(command: Command, io: Io, keyboard: Keyboard): Promise<number> {
  const stop = new AbortController()
  // The first look before the screen: where there is none, the line that says so stays.
  const first = await look(command.client)
  const screen = openScreen(io)
  const leaveKeys = listenForKeys(keyboard, () => stop.abort())
  const restore = () => {
    leaveKeys()
    screen.leave()
  }
  // Also where something throws that nobody catches.
  process.once('exit', restore)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) io.signals.on(signal, () => stop.abort())
  const show: Show = (view, note) => screen.draw(frameOf(view, note))
  let last: Last
  try {
    show(first, undefined)
    last = await follow(command, io, stop.signal, show, first)
  } finally {
    restore()
    process.off('exit', restore)
  }
  return ended(last, io)
}

/** How it stood when it was looked at last, and whether it has ended since. */
type Last = { view: Inspection | undefined; hasEnded: boolean }

/** Looks again and again, until it is stopped, or the topology has ended. */
async function follow(
  { client, intervalMs, isOnce }: Command,
  io: Io,
  stop: AbortSignal,
  show: Show,
  first?: Inspection,
): Promise<Last> {
  let view = first
  for (;;) {
    if (view !== undefined) await pause(io, intervalMs, stop)
    if (stop.aborted) return { view, hasEnded: false }
    try {
      view = await look(client, stop)
      show(view, undefined)
      if (isOnce) return { view, hasEnded: false }
    } catch (error) {
      if (stop.aborted) return { view, hasEnded: false }
      if (view === undefined || !(error instanceof AdminError)) throw error
      if (error.isGone) return { view, hasEnded: true }
      show(view, `no news: ${error.message}`)
    }
  }
}

async function look(client: AdminClient, stop?: AbortSignal): Promise<Inspection> {
  const view = (await client.json('/inspect', stop)) as Partial<Inspection> | null
  const isWhole = Array.isArray(view?.actors) && Array.isArray(view.mailboxes) && Array.isArray(view.threads)
  if (!isWhole || view?.progress === undefined || view.rates === undefined) throw notAdmin(client.where)
  return view as Inspection
}

function ended({ view, hasEnded }: Last, io: Io): number {
  if (view === undefined || !hasEnded) return 0
  const { name, progress, failure } = view
  const counts = `read ${countText(progress.read)}, acked ${countText(progress.acked)} when it was looked at last`
  const how = failure === undefined ? 'has ended' : `has failed: ${failure.code} ${failure.message}`
  io.stderr.write(`${printable(`millrace top: ${name} ${how}; ${counts}`)}\n`)
  return failure === undefined ? 0 : 1
}

function plainShow(io: Io): Show {
  const paint = painter(io.stdout.isTTY, io.env)
  // A terminal has its width; a file has none.
  const width = io.stdout.isTTY === true ? io.stdout.columns || 80 : Number.POSITIVE_INFINITY
  const text = (line: Line) => lineText(line, width, paint)
  return (view) => io.stdout.write(`${frameOf(view, undefined).map(text).join('\n')}\n`)
}

function jsonShow(io: Io): Show {
  return (view, note) => {
    if (note === undefined) io.stdout.write(`${printable(JSON.stringify(view))}\n`)
  }
}

/** Resolves after so long, or as soon as it is stopped. */
function pause(io: Io, ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = io.after(ms, over, true)
    stop.addEventListener('abort', over, { once: true })
    function over(): void {
      cancel()
      stop.removeEventListener('abort', over)
      resolve()
    }
  })
}
