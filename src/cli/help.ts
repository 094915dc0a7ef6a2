// The help texts, made from the table of verbs, so that they cannot differ from what is parsed.

import type { OptionSpec, Verb } from './verb.js'

/** Gives the help for `millrace --help`. */
export function overview(verbs: readonly Verb[]): string {
  const rows = verbs.map((verb): [string, string] => [usage(verb), verb.summary])
  return [
    'Usage: millrace <verb> …',
    '',
    'Verbs:',
    ...columns(rows),
    '',
    'Options:',
    ...columns([
      ['-h, --help', "Show this help; after a verb, that verb's."],
      ['-v, --version', 'Show the version.'],
    ]),
    '',
  ].join('\n')
}

/** Gives the help for `millrace <verb> --help`. */
export function helpOf(verb: Verb, options: Readonly<Record<string, OptionSpec>>): string {
  const rows = Object.entries(options).map(([name, spec]): [string, string] => [
    optionText(name, spec),
    spec.help,
  ])
  const notes = verb.notes === undefined ? [] : ['', verb.notes]
  return [
    `Usage: millrace ${usage(verb)} [options]`,
    '',
    verb.summary,
    '',
    'Options:',
    ...columns(rows),
    ...notes,
    '',
  ].join('\n')
}

function usage(verb: Verb): string {
  const optional = (verb.optionalOperands ?? []).map((operand) => `[${operand}]`)
  return [verb.name, ...verb.operands.map((operand) => `<${operand}>`), ...optional].join(' ')
}

function optionText(name: string, { short, value }: OptionSpec): string {
  const long = `--${name}${value === undefined ? '' : ` <${value}>`}`
  return short === undefined ? `    ${long}` : `-${short}, ${long}`
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
