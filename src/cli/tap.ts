// `millrace tap [<mailbox>] --admin <port>`: samples of the messages that pass a mailbox of a running topology, a line each.

import type { TappedMessage } from '../admin/tap-message.js'
import { nearest } from '../kernel/nearest.js'
import { type AdminClient, AdminError, notAdmin } from './admin-client.js'
import { countText, painter } from './format.js'
import type { Io } from './io.js'
import { integerOf } from './option-value.js'
import { ADMIN_OPTIONS, adminClientOf } from './tap-admin.js'
import { whenGone } from './tap-gone.js'
import { printable } from './tap-printable.js'
import { tapText } from './tap-text.js'
import { type OptionValues, UsageError, type Verb } from './verb.js'

type Command = {
  client: AdminClient
  mailbox: string | undefined
  query: URLSearchParams
  isJson: boolean
  countMax: number
}

/** What is no message: how the stream begins and ends, and that it goes on. */
type Mark = { tap: 'begin' | 'alive' | 'end'; reason?: string; shown?: number; missedBytes?: number }
type Mailboxes = { mailboxes: readonly { mailbox: string; usedBytes: number; capacityBytes: number }[] }

export const tapVerb: Verb = {
  name: 'tap',
  summary: 'Show samples of the messages that pass a mailbox of a running topology.',
  operands: [],
  optionalOperands: ['mailbox'],
  options: {
    ...ADMIN_OPTIONS,
    rate: { type: 'string', value: 'count', help: 'Messages a second, at most: 1 to 1,000; default 10.' },
    bytes: {
      type: 'string',
      value: 'count',
      help: 'Of each value and header, at most: 1 to 65,536; default 256.',
    },
    redact: {
      type: 'string',
      value: 'names',
      help: 'JSON fields and headers that are not to be shown, with commas between them.',
    },
    'no-values': { type: 'boolean', help: 'Show the sizes of the values only.' },
    count: { type: 'string', value: 'count', help: 'End after so many messages.' },
    json: { type: 'boolean', help: 'Write each message as a line of JSON.' },
  },
  notes: [
    'Without a mailbox it lists them: reader..map is the one from reader to map; map..map holds what waits at map.',
    'Headers whose names look like a secret (authorization, cookie, token, password, key …) are never shown.',
    'Exit code 0: it was stopped, it has shown --count messages, or the topology has ended; 1: the connection broke off;',
    '2: the port, the mailbox or an option is unusable.',
  ].join('\n'),
  async main(operands, options, io) {
    const command = commandOf(operands[0], options, io)
    try {
      return await (command.mailbox === undefined ? list(command, io) : tap(command, io))
    } catch (error) {
      if (!(error instanceof AdminError)) throw error
      io.stderr.write(`millrace tap: ${error.message}\n`)
      return 2
    }
  },
}

function commandOf(mailbox: string | undefined, options: OptionValues, io: Io): Command {
  const query = new URLSearchParams()
  if (mailbox !== undefined) query.set('mailbox', mailbox)
  for (const [name, most] of [
    ['rate', 1_000],
    ['bytes', 65_536],
  ] as const) {
    const value = integerOf(`--${name}`, options[name], 1, most)
    if (value !== undefined) query.set(name, String(value))
  }
  if (options.redact !== undefined) query.set('redact', namesOf(options.redact))
  if (options['no-values'] === true) query.set('values', 'none')
  const countMax = integerOf('--count', options.count, 1, 1e9) ?? Infinity
  return { client: adminClientOf(options, io), mailbox, query, isJson: options.json === true, countMax }
}

/** Who asks for nothing to be hidden has made a mistake: a variable of the shell that is not set. */
function namesOf(given: string | boolean): string {
  if (/[^\s,]/.test(String(given))) return String(given)
  throw new UsageError(`--redact: got ${JSON.stringify(given)}, wanted names with commas between them`)
}

async function list({ client, isJson }: Command, io: Io): Promise<number> {
  const { mailboxes } = await mailboxesOf(client)
  if (isJson) {
    io.stdout.write(mailboxes.map((each) => `${JSON.stringify(each)}\n`).join(''))
    return 0
  }
  const width = Math.max(...mailboxes.map(({ mailbox }) => mailbox.length))
  const lines = mailboxes.map(({ mailbox, usedBytes, capacityBytes }) => {
    const used = `${countText(usedBytes)} of ${countText(capacityBytes)} bytes`
    return `${printable(mailbox).padEnd(width)}  ${used}\n`
  })
  io.stdout.write(lines.join(''))
  return 0
}

async function mailboxesOf(client: AdminClient): Promise<Mailboxes> {
  const answer = (await client.json('/tap')) as Partial<Mailboxes> | null
  if (!Array.isArray(answer?.mailboxes) || answer.mailboxes.length === 0) throw notAdmin(client.where)
  return answer as Mailboxes
}

async function tap(command: Command, io: Io): Promise<number> {
  const { client, query, countMax, isJson } = command
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM']) io.signals.on(signal, () => stop.abort())
  whenGone(io.stdout, () => stop.abort())
  const paint = painter(io.stdout.isTTY, io.env)
  let count = 0
  let end: Mark | undefined
  let hasBegun = false
  const onLine = (line: string) => {
    const message = parsed(line)
    hasBegun ||= message?.tap === 'begin'
    if (message === undefined || !hasBegun) throw notAdmin(client.where)
    if (message.tap === 'end') end = message as Mark
    if (message.tap !== undefined) return
    io.stdout.write(`${isJson ? printable(line) : tapText(message as TappedMessage, paint)}\n`)
    if (++count >= countMax) stop.abort()
  }
  try {
    await client.lines(`/tap?${query}`, onLine, stop.signal)
  } catch (error) {
    if (stop.signal.aborted) return 0
    if (error instanceof AdminError && error.status === 404) throw await unknownMailbox(command)
    if (!hasBegun || !(error instanceof AdminError)) throw error
    io.stderr.write(`millrace tap: ${error.message}\n`)
    return 1
  }
  if (stop.signal.aborted) return 0
  if (!hasBegun) throw notAdmin(client.where)
  const reason = end === undefined ? `${client.where}: the connection broke off` : String(end.reason)
  io.stderr.write(`millrace tap: ${printable(reason)}\n`)
  return end === undefined ? 1 : 0
}

async function unknownMailbox({ client, mailbox = '' }: Command): Promise<AdminError> {
  const known = (await mailboxesOf(client)).mailboxes.map((each) => each.mailbox)
  const meant = nearest(mailbox, known)
  const hint = meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`
  return new AdminError(`${client.where}: there is no mailbox ${JSON.stringify(mailbox)}: ${printable(hint)}`)
}

function parsed(line: string): Partial<TappedMessage & Mark> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
