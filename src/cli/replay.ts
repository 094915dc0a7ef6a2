// `millrace replay <module> <file>`: sends the dead letters of a file, or of a topic, through the topology once more, in place of
// its source.

import { resolve } from 'node:path'
import { nearest } from '../kernel/nearest.js'
import type { Finished, ReplayFile } from '../replay/replay-file.js'
import type { Summary } from '../topology/running.js'
import { countText } from './format.js'
import type { Io } from './io.js'
import { loadModule, whileLoading } from './load-module.js'
import { replayTopic, topicOf } from './replay-topic.js'
import { commandOf, run, runVerb, type Start } from './run.js'
import { type OptionValues, UsageError, type Verb } from './verb.js'

const { restarts: _, ...runOptions } = runVerb.options

type Places = ReturnType<typeof import('../topology/replay.js').placesOf>
/** `letters`: what became of the lines, where all is done. */
type ReplaySummary = Summary & { letters?: { sent: number; putBack: number; unreadable: number } }
type Asked = ConstructorParameters<typeof ReplayFile>[1]

export const replayVerb: Verb = {
  name: 'replay',
  summary: 'Send the dead letters of a file, or of a topic, through a topology once more.',
  operands: ['module', 'file'],
  options: {
    only: {
      type: 'string',
      value: 'field=text',
      help: 'Only those whose reason or error contains the text, or whose stage, id, key or tag it is.',
    },
    from: {
      type: 'string',
      value: 'stage',
      help: 'Where all of them begin: a map stage, or a sink. Default: where each was given up.',
    },
    ...runOptions,
  },
  notes: [
    'The file is what the sink file wrote: with format json each line is a message, else a value. It is renamed to <file>.replaying,',
    'and at the end to <file>.replayed-1; what is given up again goes to a new file. A replay that was ended goes on when it is',
    'started again. Exit codes are those of run. kafka:<topic> in place of a file is a topic, of the brokers that the fallback writes to:',
    'it is read up to where it ends now, from where the last replay of it ended.',
  ].join('\n'),
  async main(operands, options, io) {
    const command = commandOf(operands[0], options, io)
    const topic = topicOf(operands[1])
    const only = await onlyOf(options)
    // Before the file is touched: a module that cannot be loaded must change nothing.
    const topology = await loadModule(operands[0], io)
    const places = (await import('../topology/replay.js')).placesOf(topology)
    const from = fromOf(options, places)
    if (topic !== undefined) {
      if (only !== undefined)
        throw new UsageError('--only: wanted a file: a topic has no place for those that are left')
      return replayTopic(command, topology, { topic, ...(from !== undefined && { from }) }, io)
    }
    const { ReplayFile } = await import('../replay/replay-file.js')
    const asked: Asked = { ...(only !== undefined && { only }), ...(from !== undefined && { from }) }
    const { didYouMean } = await import('../topology/module-file.js')
    const file = new ReplayFile(resolve(io.cwd, operands[1]), asked, didYouMean)
    const replaying = new Replaying(file, operands[1], places, io)
    if (file.isEmpty) return replaying.sayEmpty(command.isQuiet)
    file.begin()
    if (!command.isQuiet) replaying.sayBegin()
    const code = await run(command, io, (url, given) => replaying.start(url, given))
    return replaying.end(code, command.isQuiet)
  },
}

/** One run of it: remembers how it went. */
class Replaying {
  private readonly file: ReplayFile
  private readonly name: string
  private readonly places: Places
  private readonly io: Io
  private hasStarted = false
  private isDone = false
  private finished: Finished | undefined

  constructor(file: ReplayFile, name: string, places: Places, io: Io) {
    this.file = file
    this.name = name.replace(/\.replaying$/, '')
    this.places = places
    this.io = io
  }

  async start(url: Parameters<Start>[0], given: Parameters<Start>[1]): ReturnType<Start> {
    const { start } = await import('../topology/start.js')
    // What is noted of a record's deaths goes by its place in the source, and this is another one.
    const { state: _, ...options } = given
    const { replay } = this.file
    const running = await whileLoading(this.io, url, () => start(url, { ...options, replay }))
    this.hasStarted = true
    const finished = running.finished.then((summary) => this.finish(summary))
    // Whoever waits for a drain only need not hear of it.
    finished.catch(() => {})
    return {
      finished,
      drain: () => running.drain().then(() => finished),
      stop: () => running.stop(),
      progress: () => running.progress(),
      inspect: () => running.inspect(),
      admin: running.admin,
    }
  }

  /** Finishes the file where all of it was acked, and says in the summary what became of it. */
  private async finish(summary: Summary): Promise<ReplaySummary> {
    this.isDone = summary.ok && summary.pending === 0
    if (this.isDone) this.finished = await this.file.finish(this.places)
    if (this.finished === undefined) return summary
    const { replayed, kept, elsewhere, unreadable, later } = this.finished
    const letters = {
      sent: replayed,
      putBack: kept + elsewhere,
      unreadable: unreadable.length + later.length,
    }
    return { ...summary, letters }
  }

  sayBegin(): void {
    if (this.file.isTakenUp) this.say(`goes on with ${this.name}.replaying, which a replay has left`)
  }

  sayEmpty(isQuiet: boolean): number {
    if (!isQuiet) this.say(`${this.name} is empty: there is nothing to send`)
    return 0
  }

  /** Says what became of the file, and gives the exit code. */
  end(code: number, isQuiet: boolean): number {
    const { finished, isDone } = this
    if (!this.hasStarted) this.file.undo()
    this.file.end()
    if (finished !== undefined) this.sayFinished(finished, isQuiet)
    else if (isDone)
      this.say(
        `${this.name}.replaying has grown meanwhile: stop the process that writes it, and replay again for the rest`,
      )
    else if (this.hasStarted)
      this.say(`not all is done: ${this.name}.replaying is kept; replay again to go on`)
    if (finished !== undefined && this.file.hasMore)
      this.say(`${this.name} has further dead letters: replay again for those`)
    return code
  }

  private sayFinished(
    { replayed, kept, elsewhere, unreadable, later, path }: Finished,
    isQuiet: boolean,
  ): void {
    const now = `${this.name}${path.slice(this.file.path.length)}`
    const rest = kept === 0 ? '' : `, ${countText(kept)} not meant and back in ${this.name}`
    if (!isQuiet) this.say(`dead letters: ${countText(replayed)} sent${rest}; all of them are in ${now}`)
    if (elsewhere > 0)
      this.say(
        `${countText(elsewhere)} given up by a stage or sink that the topology does not have: back in ${this.name}; say --from`,
      )
    this.sayNotSent(unreadable, 'unreadable', now)
    this.sayNotSent(later, 'of a later version of Millrace', now)
  }

  private sayNotSent(lines: readonly number[], what: string, where: string): void {
    if (lines.length === 0) return
    const first = `the first in line ${countText(lines[0])} of ${where}`
    this.say(`${countText(lines.length)} ${what}, ${first}: not sent, only kept there`)
  }

  private say(text: string): void {
    this.io.stderr.write(`millrace: ${text}\n`)
  }
}

async function onlyOf({ only }: OptionValues): Promise<Asked['only']> {
  if (only === undefined) return undefined
  const { ONLY_FIELDS } = await import('../replay/only.js')
  const [, name, text] = /^([^=]*)=(.*)$/s.exec(String(only)) ?? []
  const field = ONLY_FIELDS.find((each) => each === name)
  if (field !== undefined && text !== '') return { field, text }
  const meant = name === undefined ? undefined : nearest(name, ONLY_FIELDS)
  const hint = meant === undefined || meant === name ? '' : `; did you mean ${meant}?`
  throw new UsageError(
    `--only: got ${JSON.stringify(only)}, wanted <field>=<text> with one of ${ONLY_FIELDS.join(', ')}${hint}`,
  )
}

function fromOf({ from }: OptionValues, places: Places): string | undefined {
  if (from === undefined || places.firstStage(String(from)) !== undefined) return from as string | undefined
  const meant = nearest(String(from), places.names)
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`
  throw new UsageError(`--from: got ${JSON.stringify(from)}, wanted one of ${places.names.join(', ')}${hint}`)
}
