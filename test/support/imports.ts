// What a source file imports, and what it says outside of its comments.

import { dirname, join } from 'node:path/posix'

/** `type`: erased by the compiler, so nothing is loaded for it. */
export type Import = { to: string; type: boolean }

/** Gives the files that a file imports or re-exports by relative paths, as paths like its own. */
export function importsOf(path: string, text: string): Import[] {
  // What is in a template of another file has a `$` in its path.
  const statements = text.matchAll(/^(?:import|export)\s+(type\s)?([^'"`;]*?)\bfrom\s+'(\.[^'$]+)'/gm)
  const found = [...statements].map(([, type, names, target]) => ({
    to: targetOf(path, target),
    type: type !== undefined || areTypes(names),
  }))
  // For what they do when they are loaded, and by calls.
  const calls = [...text.matchAll(/(?:^import\s|\bimport\(\s*)'(\.[^']+)'/gm)].map(([, target]) => ({
    to: targetOf(path, target),
    type: false,
  }))
  return [...found, ...calls]
}

/** Gives a text without its comments. */
export function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/ .*$/gm, '$1')
}

/** Gives the files of a cycle, the first one again at its end, or undefined where there is none. */
export function cycleIn(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return undefined
    path.push(file)
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next)
      if (cycle !== undefined) return cycle
    }
    path.pop()
    done.add(file)
    return undefined
  }
  for (const file of graph.keys()) {
    const cycle = visit(file)
    if (cycle !== undefined) return cycle
  }
  return undefined
}

function targetOf(path: string, target: string): string {
  return join(dirname(path), target).replace(/\.js$/, '.ts')
}

// `{ type A, type B }`
function areTypes(names: string): boolean {
  const list = /^\{([\s\S]*)\}\s*$/
    .exec(names.trim())?.[1]
    .split(',')
    .map((name) => name.trim())
  return list?.every((name) => name === '' || name.startsWith('type ')) ?? false
}
