// What a verb of the command line is.

import type { Io } from './io.js'

export type OptionSpec = {
  readonly type: 'boolean' | 'string'
  readonly short?: string
  /** What its value is called in the help. */
  readonly value?: string
  readonly help: string
}

export type OptionValues = Readonly<Record<string, string | boolean | undefined>>

export type Verb = {
  readonly name: string
  /** One line for the list of verbs. */
  readonly summary: string
  /** What it must be given: `['module']`. */
  readonly operands: readonly string[]
  /** What it may be given after these. */
  readonly optionalOperands?: readonly string[]
  readonly options: Readonly<Record<string, OptionSpec>>
  /** Further lines for its own help. */
  readonly notes?: string
  /** Does it, and gives the exit code. */
  main(operands: readonly string[], options: OptionValues, io: Io): Promise<number>
}

/** A verb that is loaded when it is asked for. */
export type VerbEntry = { readonly name: string; load(): Promise<Verb> }

/** The command line is wrong: one line, exit code 2. */
export class UsageError extends Error {}
