// What the command line of the harness takes.

import { parseArgs } from 'node:util'

export const USAGE = `usage: node test/process/faults/main.mjs [--quick | --full | --soak <minutes>] [--only F3,F7] [--seed <number>] [--alone] [--json] [--keep]

  --full    the default: hundreds of kills, minutes of silence
  --quick   each fault some times, within five minutes
  --soak    everything at random for so many minutes
  --only    rows by their names
  --seed    an unsigned number of 32 bits: replays a run
  --alone   one row at a time; otherwise those that mostly wait run beside the others
  --json    a line of JSON for each row instead of the table
  --keep    leaves the folders of rows that passed, too
`

/** @param {string[]} args @returns {{ size: 'quick' | 'full', minutes: number, only: string[], seed: number, isAlone: boolean, isJson: boolean, keep: boolean }} throws for what is none */
export function optionsOf(args) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean' },
      full: { type: 'boolean' },
      soak: { type: 'string' },
      only: { type: 'string' },
      seed: { type: 'string' },
      alone: { type: 'boolean' },
      json: { type: 'boolean' },
      keep: { type: 'boolean' },
    },
  })
  const minutes = values.soak === undefined ? 0 : Number(values.soak)
  if (!(minutes >= 0)) throw new Error(`--soak: got ${values.soak}, wanted minutes`)
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed)
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new Error(`--seed: got ${values.seed}, wanted a whole number from 0 to 4294967295`)
  }
  return {
    size: values.quick ? 'quick' : 'full',
    minutes,
    only: values.only === undefined ? [] : values.only.split(','),
    seed,
    isAlone: values.alone === true,
    isJson: values.json === true,
    keep: values.keep === true,
  }
}
