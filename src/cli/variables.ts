// The environment variables that we read, and what they take.

import { LOG_LEVELS } from '../kernel/log.js'

export type Variable = {
  name: string
  /** What it takes, for messages. */
  wanted: string
  takes(value: string): boolean
}

export const PREFIX = 'MILLRACE_'

export const VARIABLES: readonly Variable[] = [
  {
    name: 'MILLRACE_LOG_LEVEL',
    wanted: `one of ${LOG_LEVELS.join(', ')}`,
    takes: (value) => (LOG_LEVELS as readonly string[]).includes(value),
  },
  { name: 'MILLRACE_STATE', wanted: 'the path of a directory', takes: () => true },
  { name: 'MILLRACE_DEBUG', wanted: '1, or nothing', takes: (value) => value === '0' || value === '1' },
]
