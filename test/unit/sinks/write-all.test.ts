import fc from 'fast-check'
import { expect, test } from 'vitest'
import { messageOf } from '../../../src/kernel/failure.js'
import type { Message } from '../../../src/kernel/message.js'
import { LineWriter, Tail } from '../../../src/sinks/write-all.js'
import { makeMessages } from '../../support/messages.js'

/** What the system does with one call: takes so many bytes, is full for now, or fails. */
type Turn = number | 'EAGAIN' | 'EIO'

const turns = fc.array(fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constantFrom<Turn>('EAGAIN', 'EIO')), {
  maxLength: 30,
})
const values = fc.array(fc.stringMatching(/^[a-z]{0,12}$/), { minLength: 1, maxLength: 8 })

/** A file in memory whose writes do what the turns say, and after the last of them all that is asked. */
class ScriptedFile {
  content = ''
  private readonly turns: Turn[]

  constructor(turns: readonly Turn[], content: string) {
    this.turns = [...turns]
    this.content = content
  }

  write = async (_fd: number, bytes: Uint8Array, from: number, length: number): Promise<number> => {
    const turn = this.turns.shift() ?? length
    if (typeof turn === 'string') throw Object.assign(new Error(turn), { code: turn })
    const some = Math.min(turn, length)
    this.content += Buffer.from(bytes.subarray(from, from + some)).toString()
    return some
  }

  wait = async () => {}
}

test('whatever the system does, the lines are what was answered ok, in order, and at most a torn one after a fault', async () => {
  await fc.assert(
    fc.asyncProperty(
      turns,
      fc.array(values, { maxLength: 5 }),
      fc.boolean(),
      async (script, batches, torn) => {
        const file = new ScriptedFile(script, torn ? 'tor' : '')
        const writer = new LineWriter(1, (message: Message) => message.value, file, new Tail(torn))
        let expected = file.content
        for (const batch of batches) {
          for (let left = batch; left.length > 0; ) {
            const { count, error } = await writer.write(makeMessages(left.map((value) => ({ value }))))
            expect(error === undefined).toBe(count === left.length)
            expected = checkGrowth(expected, file.content, left, count)
            left = left.slice(count)
          }
        }
      },
    ),
    { numRuns: 500 },
  )
})

/** Checks what one write has added to the file, given how many of its messages it says were written; gives the content. */
function checkGrowth(before: string, after: string, batch: readonly string[], count: number): string {
  const lines = batch.slice(0, count).map((value) => `${value}\n`)
  const wasTorn = before !== '' && !before.endsWith('\n')
  const whole = before + (wasTorn && after !== before ? '\n' : '') + lines.join('')
  expect(after.startsWith(whole)).toBe(true)
  const fragment = after.slice(whole.length)
  if (count === batch.length) expect(fragment).toBe('')
  else expect(batch[count].startsWith(fragment)).toBe(true)
  return after
}

test('an error that is none is told as it is', async () => {
  const io = { write: () => Promise.reject('odd'), wait: async () => {} }
  const writer = new LineWriter(1, (message) => message.value, io, new Tail())
  const { count, error } = await writer.write(makeMessages([{ value: 'a' }]))
  expect([count, messageOf(error)]).toEqual([0, 'odd'])
})

test('a line that cannot be made rejects its own batch only', async () => {
  const file = new ScriptedFile([], '')
  const lineOf = (message: Message) => {
    if (message.text() === 'bad') throw new Error('no line')
    return message.value
  }
  const writer = new LineWriter(1, lineOf, file, new Tail())
  await expect(writer.write(makeMessages([{ value: 'bad' }]))).rejects.toThrow('no line')
  expect(await writer.write(makeMessages([{ value: 'good' }]))).toEqual({ count: 1, error: undefined })
  expect(file.content).toBe('good\n')
})

test('the waits for a full pipe are counted from the last byte that it took', async () => {
  const tries: number[] = []
  const file = new ScriptedFile(['EAGAIN', 'EAGAIN', 1, 'EAGAIN'], '')
  const wait = async (tryCount: number) => void tries.push(tryCount)
  const writer = new LineWriter(1, (message) => message.value, { write: file.write, wait }, new Tail())
  await writer.write(makeMessages([{ value: 'abc' }]))
  expect(tries).toEqual([0, 1, 0])
})
