// What can be wrong with the environment: the version of Node, and our variables.

import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { MillraceError, messageOf } from '../../kernel/failure.js'
import { nearest } from '../../kernel/nearest.js'
import type { Io } from '../io.js'
import { PREFIX, VARIABLES, type Variable } from '../variables.js'
import { errorsOf, type Finding, warning } from './finding.js'

/** As `engines` of the package says. */
const NODE_MIN = [20, 19] as const

/** Gives what is wrong with it. */
export function environmentFindings(env: Io['env'], nodeVersion: string = process.versions.node): Finding[] {
  return [...nodeFindings(nodeVersion), ...variableFindings(env)]
}

function nodeFindings(version: string): Finding[] {
  const [major, minor] = version.split('.').map(Number)
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return []
  return wrong(`Node: got ${version}, wanted ${NODE_MIN.join('.')} or later`)
}

function variableFindings(env: Io['env']): Finding[] {
  const names = Object.keys(env).filter((name) => name.toUpperCase().startsWith(PREFIX))
  return names.sort().flatMap((name) => {
    const known = VARIABLES.find((variable) => variable.name === name)
    const value = env[name]
    // Set to nothing is not set.
    if (value === undefined || value === '') return []
    if (known === undefined) return [warning(unknownVariable(name))]
    if (!known.takes(value))
      return known.isLax ? [warning(unusable(known, value))] : wrong(unusable(known, value))
    return name === 'MILLRACE_STATE' ? stateFindings(value) : []
  })
}

function unusable({ name, wanted, known = [] }: Variable, value: string): string {
  const meant = nearest(value, known)
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`
  return `${name}: got ${JSON.stringify(value)}, wanted ${wanted}${hint}`
}

function unknownVariable(name: string): string {
  const known = VARIABLES.map((variable) => variable.name)
  // All begin alike: what follows must be near.
  const rest = known.map((each) => each.slice(PREFIX.length))
  const meant = nearest(name.slice(PREFIX.length), rest)
  const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean ${PREFIX}${meant}?`
  return `the environment has an unknown variable ${name}; ${hint}`
}

/** It is made where it is missing; what is there must be a directory. */
function stateFindings(path: string): Finding[] {
  const got = `MILLRACE_STATE: got ${JSON.stringify(path)}`
  try {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat !== undefined && !stat.isDirectory())
      return wrong(`${got}, which is no directory, wanted the path of one`)
    accessSync(stat === undefined ? nearestAbove(path) : path, constants.W_OK | constants.X_OK)
    return []
  } catch (error) {
    return wrong(`${got} (${messageOf(error)}), wanted the path of a directory`)
  }
}

/** All directories that are missing are made: what counts is the first that is there. */
function nearestAbove(path: string): string {
  let above = dirname(resolve(path))
  while (!existsSync(above) && above !== dirname(above)) above = dirname(above)
  if (!statSync(above).isDirectory()) throw new Error(`${above} is no directory`)
  return above
}

function wrong(message: string): Finding[] {
  return errorsOf(new MillraceError('ERR_CONFIG', message))
}
