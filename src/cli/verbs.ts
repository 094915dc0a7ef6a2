// The table of verbs, in the order of the help. Each is loaded when it is asked for: a run needs no other.

import type { VerbEntry } from './verb.js'

export const VERBS: readonly VerbEntry[] = [
  { name: 'run', load: async () => (await import('./run.js')).runVerb },
  { name: 'validate', load: async () => (await import('./validate.js')).validateVerb },
  { name: 'graph', load: async () => (await import('./graph.js')).graphVerb },
  { name: 'top', load: async () => (await import('./top.js')).topVerb },
  { name: 'tap', load: async () => (await import('./tap.js')).tapVerb },
  { name: 'replay', load: async () => (await import('./replay.js')).replayVerb },
  { name: 'create', load: async () => (await import('./create.js')).createVerb },
  { name: 'schema', load: async () => (await import('./schema.js')).schemaVerb },
]
