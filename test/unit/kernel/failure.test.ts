import { describe, expect, it } from 'vitest'
import {
  assert,
  ERRORS,
  type ErrorCode,
  exitCodeOf,
  fromErrorRecord,
  isMillraceError,
  MillraceError,
  messageOf,
  toErrorRecord,
} from '../../../src/kernel/failure.js'

/** What is left of an error on another thread. */
function crossed(thrown: unknown): Error {
  return fromErrorRecord(structuredClone(toErrorRecord(thrown)))
}

describe('an error that crosses threads', () => {
  it('keeps its code, message, stack and cause', () => {
    const cause = new TypeError('not a function')
    const error = new MillraceError('ERR_HANDLER', 'map: message 7 failed', { cause })
    const other = crossed(error)
    expect(other).toBeInstanceOf(MillraceError)
    expect(isMillraceError(other) && other.code).toBe('ERR_HANDLER')
    expect(other.message).toBe('map: message 7 failed')
    expect(other.stack).toBe(error.stack)
    expect(other.cause).toMatchObject({ name: 'TypeError', message: 'not a function', stack: cause.stack })
  })

  it('is no MillraceError where it was none, and keeps its name', () => {
    const other = crossed(new RangeError('too far'))
    expect(isMillraceError(other)).toBe(false)
    expect(other).toMatchObject({ name: 'RangeError', message: 'too far' })
    expect(other.cause).toBeUndefined()
  })

  it('keeps a few causes of causes, and ends where they go in a circle', () => {
    const first = new Error('first')
    const second = new Error('second', { cause: first })
    first.cause = second
    const causes: string[] = []
    for (let error: unknown = crossed(second); error instanceof Error; error = error.cause)
      causes.push(error.message)
    expect(causes).toEqual(['second', 'first', 'second', 'first', 'second'])
  })

  it.each<[unknown, string]>([
    ['plain text', 'plain text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [42, '42'],
    [{ reason: 'odd' }, '{"reason":"odd"}'],
    [10n, '[object BigInt]'],
    [Symbol('odd'), 'Symbol(odd)'],
    [() => 1, '() => 1'],
    [circular(), '[object Object]'],
  ])('may have been thrown as anything: %o', (thrown, message) => {
    expect(crossed(thrown).message).toBe(message)
    expect(messageOf(thrown)).toBe(message)
  })
})

describe('the table of errors', () => {
  it('says for each code what it means, what to do, and how the process exits', () => {
    for (const [code, { meaning, remedy, exitCode }] of Object.entries(ERRORS)) {
      expect(code).toMatch(/^ERR_[A-Z_]+$/)
      expect(meaning).toMatch(/\.$/)
      expect(remedy).toMatch(/\.$/)
      expect([1, 2]).toContain(exitCode)
      expect(exitCodeOf(new MillraceError(code as ErrorCode, 'x'))).toBe(exitCode)
    }
    expect(exitCodeOf(new Error('x'))).toBe(1)
  })

  it('is used by another copy of the package', () => {
    expect(isMillraceError({ [Symbol.for('millrace.error')]: true })).toBe(true)
    expect(isMillraceError(new Error('x'))).toBe(false)
    expect(isMillraceError(null)).toBe(false)
  })

  it('calls a broken invariant a bug', () => {
    assert(true, 'never seen')
    expect(() => assert(false, 'what should hold')).toThrow(
      expect.objectContaining({ code: 'ERR_BUG', message: 'what should hold' }),
    )
  })
})

function circular(): object {
  const object: Record<string, unknown> = {}
  object.self = object
  return object
}
