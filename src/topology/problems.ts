// Turns what the schema found into lines for people: `map.threads: got "two", wanted a whole number from 1 to 64`.

import type { z } from 'zod'
import { nearest } from '../kernel/nearest.js'
import { list, show } from '../kernel/show.js'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/** Gives a line for each problem, without repeats. */
export function problemsOf(issues: readonly Issue[], options: unknown): string[] {
  return [...new Set(issues.flatMap((issue) => linesOf(issue, [], options)))]
}

/** Writes a path as in code: `map[1].retry.backoff`, `sinks["a b"]`. */
export function pathText(path: Path): string {
  let text = ''
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`
    else if (/^[\w$-]+$/.test(String(key))) text += text === '' ? String(key) : `.${String(key)}`
    else text += `[${JSON.stringify(String(key))}]`
  }
  return text
}

/** `path: got …, wanted …`. */
export function problem(path: Path, got: string, wanted: string): string {
  return `${path.length === 0 ? '' : `${pathText(path)}: `}got ${got}, wanted ${wanted}`
}

function linesOf(issue: Issue, above: Path, options: unknown): string[] {
  const path = [...above, ...issue.path]
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownOption(path, key, issue.message.split(' ')))
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.filter(isMeant)
    // Who gave branches meant no handler.
    const isWhole = (issues: readonly Issue[]) =>
      issues.every(
        (inner) => inner.path.length !== 1 || valueAt([...path, ...inner.path], options) !== undefined,
      )
    const chosen = meant.find(isWhole) ?? meant[0]
    if (chosen !== undefined) return chosen.flatMap((inner) => linesOf(inner, path, options))
  }
  return [problem(path, gotAt(path, options), issue.message)]
}

// Of the shapes that an option may have, the one that was meant is the one whose problems all lie inside it.
function isMeant(issues: readonly Issue[]): boolean {
  return (
    issues.length > 0 && issues.every((issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys')
  )
}

function unknownOption(path: Path, key: string, known: readonly string[]): string {
  const meant = nearest(key, known)
  const hint =
    meant === undefined ? `; known here: ${list(known)}` : `; did you mean ${pathText([...path, meant])}?`
  return `unknown option ${pathText([...path, key])}${hint}`
}

function gotAt(path: Path, options: unknown): string {
  const value = valueAt(path, options)
  const last = path[path.length - 1]
  // Without its one method it is something else: say what.
  if (value === undefined && (last === 'read' || last === 'write')) {
    return `nothing on ${show(valueAt(path.slice(0, -1), options))}`
  }
  return show(value)
}

function valueAt(path: Path, options: unknown): unknown {
  let value = options
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key]
  return value
}
