// Reads the command line, and hands it to its verb. Everything is checked before a verb begins.

import { parseArgs } from 'node:util'
import { nearest } from '../kernel/nearest.js'
import { helpOf, overview } from './help.js'
import type { Io } from './io.js'
import { codeOfExit, errorText } from './report.js'
import { type OptionSpec, type OptionValues, UsageError, type Verb, type VerbEntry } from './verb.js'
import { VERBS } from './verbs.js'
import { version } from './version.js'

const HELP: OptionSpec = { type: 'boolean', short: 'h', help: 'Show this help.' }
const GLOBAL_OPTIONS = ['--help', '-h', '--version', '-v']

/** Does what the arguments say, and gives the exit code: 2 where they are wrong. */
export async function dispatch(
  args: readonly string[],
  io: Io,
  entries: readonly VerbEntry[] = VERBS,
): Promise<number> {
  const [first, ...rest] = args
  if (first === undefined) {
    io.stderr.write(overview(await loadAll(entries)))
    return 2
  }
  if (first === '--help' || first === '-h') return print(io, overview(await loadAll(entries)))
  if (first === '--version' || first === '-v') return print(io, `${version()}\n`)
  const entry = entries.find(({ name }) => name === first)
  if (entry === undefined) return refuse(io, 'millrace', unknownVerb(first, rest, await loadAll(entries)))
  try {
    return await runParsed(await entry.load(), rest, io)
  } catch (error) {
    if (error instanceof UsageError) return refuse(io, `millrace ${first}`, error.message)
    io.stderr.write(errorText(error))
    return codeOfExit(error)
  }
}

function loadAll(entries: readonly VerbEntry[]): Promise<Verb[]> {
  return Promise.all(entries.map((entry) => entry.load()))
}

async function runParsed(verb: Verb, args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parse(verb, args)
  if (values.help === true) return print(io, helpOf(verb, { ...verb.options, help: HELP }))
  const missing = verb.operands[positionals.length]
  if (missing !== undefined) throw new UsageError(`<${missing}> is missing`)
  const surplus = positionals[verb.operands.length + (verb.optionalOperands?.length ?? 0)]
  if (surplus !== undefined) throw new UsageError(`${JSON.stringify(surplus)} is one argument too many`)
  return verb.main(positionals, values, io)
}

function parse(verb: Verb, args: readonly string[]): { values: OptionValues; positionals: string[] } {
  const options = { ...verb.options, help: HELP }
  const config = { args: [...args], options, allowPositionals: true } as const
  try {
    return parseArgs({ ...config, strict: true }) as { values: OptionValues; positionals: string[] }
  } catch (error) {
    throw new UsageError(unknownOption(args, options) ?? wrongValue(error as Error, options))
  }
}

// The parser's own message names the option in a sentence about positional arguments: find it again.
function unknownOption(
  args: readonly string[],
  options: Readonly<Record<string, OptionSpec>>,
): string | undefined {
  const { tokens } = parseArgs({ args: [...args], options: { ...options }, strict: false, tokens: true })
  const unknown = tokens.find((token) => token.kind === 'option' && options[token.name] === undefined)
  if (unknown?.kind !== 'option') return undefined
  return `unknown option ${unknown.rawName}${hint(unknown.name, Object.keys(options), '--')}`
}

/** Says in our words what the parser has against the value of an option. */
function wrongValue({ message }: Error, options: Readonly<Record<string, OptionSpec>>): string {
  const [, name = ''] = /--([\w-]+)/.exec(message) ?? []
  const spec = options[name]
  if (spec === undefined) return message.split('\n')[0]
  if (spec.type === 'boolean') return `--${name} takes no value`
  const written = `write --${name}=<${spec.value ?? 'value'}>`
  // As in `--restarts -1`: is it the value, or the next option?
  return message.includes('ambiguous')
    ? `--${name} is followed by what looks like an option: if that is its value, ${written}`
    : `--${name} has no value: ${written}`
}

/** What other command lines have as verbs, and this one as options. */
function optionMeant(name: string, [verb]: readonly string[], verbs: readonly Verb[]): string | undefined {
  if (name === 'version') return 'millrace --version'
  if (name !== 'help') return undefined
  return verbs.some((each) => each.name === verb) ? `millrace ${verb} --help` : 'millrace --help'
}

function unknownVerb(name: string, rest: readonly string[], verbs: readonly Verb[]): string {
  const meant = optionMeant(name, rest, verbs)
  if (meant !== undefined) return `unknown verb ${JSON.stringify(name)}; did you mean ${meant}?`
  if (name.startsWith('-')) {
    const ofVerb = verbs.find(({ options }) => options[name.replace(/^--/, '')] !== undefined)
    if (ofVerb !== undefined) return `${name} goes after the verb: millrace ${ofVerb.name} ${name} …`
    return `unknown option ${name}${hint(name, GLOBAL_OPTIONS, '')}`
  }
  if (/[./\\]/.test(name)) return `unknown verb ${JSON.stringify(name)}; did you mean millrace run ${name}?`
  const names = verbs.map((verb) => verb.name)
  return `unknown verb ${JSON.stringify(name)}${hint(name, names, '')}`
}

function hint(name: string, known: readonly string[], prefix: string): string {
  const meant = nearest(name, known)
  return meant === undefined ? '' : `; did you mean ${prefix}${meant}?`
}

function refuse(io: Io, where: string, what: string): number {
  io.stderr.write(`${where}: ${what} (see ${where} --help)\n`)
  return 2
}

function print(io: Io, text: string): number {
  io.stdout.write(text)
  return 0
}
