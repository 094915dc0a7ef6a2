import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../../src/kernel/log.js'
import { LastErrors } from '../../../src/topology/last-errors.js'

const record = (actor: string, level: LogRecord['level'], message: string, fields?: LogRecord['fields']) => ({
  actor,
  level,
  message,
  thread: 'egress',
  ...(fields && { fields }),
})

describe('last errors', () => {
  it('are the last warning or error, or why something is tried again, of each actor', () => {
    const errors = new LastErrors(() => {})
    errors.write(record('sink', 'warn', 'one'))
    errors.write(record('sink', 'error', 'two'))
    errors.write(record('sink', 'info', 'works again'))
    errors.write(record('sink', 'debug', 'of no interest'))
    errors.write(record('map', 'debug', 'attempt 1', { outcome: 'retry' }))
    expect(errors.of(['sink'])).toEqual({
      message: 'two',
      level: 'error',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    })
    expect(errors.of(['map'])).toMatchObject({ message: 'attempt 1', level: 'debug' })
    expect(errors.of(['reader'])).toBeUndefined()
  })

  it('pass every record on', () => {
    const passed: LogRecord[] = []
    const errors = new LastErrors((each) => passed.push(each))
    const given = [record('a', 'trace', 'x'), record('a', 'fatal', 'y')]
    for (const each of given) errors.write(each)
    expect(passed).toEqual(given)
  })

  it('are the newest of several names, and cut', () => {
    const errors = new LastErrors(() => {})
    errors.write(record('lines', 'warn', 'x'.repeat(10_000)))
    expect(errors.of(['reader', 'lines'])?.message).toHaveLength(501)
  })
})
