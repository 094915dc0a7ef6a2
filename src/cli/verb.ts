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
  /** What it takes, all of it: `['module']`. */
  readonly operands: readonly string[]
  readonly options: Readonly<Record<string, OptionSpec>>
  /** Further lines for its own help. */
  readonly notes?: string
  /** Does it, and gives the exit code. */
  main(operands: readonly string[], options: OptionValues, io: Io): Promise<number>
}

/** The command line is wrong: one line, exit code 2. */
export class UsageError extends Error {}
