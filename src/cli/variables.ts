// The environment variables that we read, and what they take.

import { DRIVER_NAMES } from '../kafka/connection.js'
import { LOG_LEVELS } from '../kernel/log.js'

export type Variable = {
  name: string
  /** What it takes, for messages. */
  wanted: string
  takes(value: string): boolean
  /** All values that it takes, where they are few. */
  known?: readonly string[]
  /** A run goes on with another value, too. */
  isLax?: boolean
}

export const PREFIX = 'MILLRACE_'

export const VARIABLES: readonly Variable[] = [
  {
    name: 'MILLRACE_LOG_LEVEL',
    wanted: `one of ${LOG_LEVELS.join(', ')}`,
    takes: (value) => (LOG_LEVELS as readonly string[]).includes(value),
    known: LOG_LEVELS,
  },
  { name: 'MILLRACE_STATE', wanted: 'the path of a directory', takes: () => true },
  {
    name: 'MILLRACE_DEBUG',
    wanted: '1, or nothing',
    takes: (value) => value === '0' || value === '1',
    isLax: true,
  },
  driver('MILLRACE_KAFKA'),
  driver('MILLRACE_KAFKA_SOURCE'),
  driver('MILLRACE_KAFKA_SINK'),
]

function driver(name: string): Variable {
  return {
    name,
    wanted: `one of ${DRIVER_NAMES.join(', ')}`,
    takes: (value) => (DRIVER_NAMES as readonly string[]).includes(value),
    known: DRIVER_NAMES,
  }
}
