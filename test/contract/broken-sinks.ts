// Sinks that break the contract, each in one way, with the cases that must tell of it, and what they must say.

import type { Message } from '../../src/kernel/message.js'
import { Response } from '../../src/sinks/response.js'
import type { Sink } from '../../src/sinks/sink.js'
import type { MakeSink, SinkContractOptions } from '../../src/testing/index.js'
import { type Honest, memorySink, REFUSED as REFUSED_VALUE } from './memory-sink.js'

export type BrokenSink = {
  how: string
  make: MakeSink
  options?: Partial<SinkContractOptions>
  /** The cases that fail, all of them; 'all' where nothing can be right. */
  fails: readonly string[] | 'all'
  spares?: readonly string[]
  /** What the first of them says. */
  says: RegExp
}

const VALUES = [
  'an empty value',
  'a tombstone (no value)',
  'a value of 1 MiB',
  'a value of every possible byte',
  'text beyond ASCII',
  'equal values of different messages',
  'several keys, an empty one too, and tags',
  'headers of text and of bytes',
  'a message without id, keys or headers',
].map(valueCase)
const ARRAY = 'write gives an array, or a promise of one'
const RESPONSES = 'every entry of the array is a Response'
const COUNT = 'there are as many responses as messages'
const IDS = 'each id is answered exactly once'
const ORDINARY = 'ordinary messages are written'
const FULL = 'a batch of batchMax messages is answered'
const TRUTH = 'ok means written: once, and with these bytes'
const ORDER = 'an ordered sink keeps the order of a batch'
const REFUSED_CASE = 'a refused message is not answered ok, nor written'
const AFTER_FAILURE = 'an ordered sink writes nothing of a key after a failure of that key'
const ATOMIC = 'an atomic sink writes all of a batch or nothing'
const UNCHANGED = 'the messages are not written to'
const NOT_KEPT = 'nothing is kept of a message after its answer'
const OVERLAP = 'writes overlap up to `concurrency`, each with its own answers'
const TWO = 'two instances live side by side'
const CLOSES = 'close resolves'
const CLOSES_AT_ONCE = 'close resolves without a write before it'
const LAST = 'a fallback or onSuccess sink answers neither fallback nor onSuccess'

export const BROKEN_SINKS: readonly BrokenSink[] = [
  {
    how: 'forgets to answer the last message of a batch',
    make: () => memorySink({}, ({ write }) => ({ write: (batch) => dropLast(write(batch)) })),
    fails: [COUNT, IDS, FULL],
    says: /2 responses for 3 messages; no response for "m-4"/,
  },
  {
    how: 'answers the first message twice and the last not at all',
    make: () =>
      memorySink({}, ({ write }) => ({
        write: (batch) => [...dropLast(write(batch)), ...extra(batch, batch[0])],
      })),
    fails: [IDS, FULL],
    says: /batch of "m-2", "m-3", "m-4"; no response for "m-4"; more than one response for "m-2"/,
  },
  {
    how: 'answers a message twice',
    make: () =>
      memorySink({}, ({ write }) => ({ write: (batch) => [...write(batch), ...extra(batch, batch[0])] })),
    fails: [COUNT, IDS, FULL],
    says: /4 responses for 3 messages; more than one response for "m-2"/,
  },
  {
    how: 'answers an id that the batch does not hold',
    make: () =>
      memorySink({}, ({ write }) => ({
        write: (batch) => [...dropLast(write(batch)), ...extra(batch, `${batch.at(-1)?.id}x`)],
      })),
    fails: [IDS, FULL],
    says: /no response for "m-4"; a response for "m-4x", which the batch does not hold/,
  },
  {
    how: 'gives an object instead of an array',
    make: () =>
      memorySink({}, ({ write }) => ({
        write: (batch) => several(batch, write(batch), { ok: true } as never),
      })),
    fails: [ARRAY, FULL],
    says: /write gave an object with "ok"\. Wanted: an array/,
  },
  {
    how: 'gives objects that are no Response',
    make: () =>
      memorySink({}, ({ write }) => ({
        write: (batch) => several(batch, write(batch), batch.map(({ id }) => ({ id, ok: true })) as never),
      })),
    fails: [RESPONSES, IDS, FULL],
    says: /entry 0 is no Response but an object with "id", "ok"/,
  },
  {
    how: 'answers nack without a reason',
    make: () =>
      memorySink({}, () => ({
        write: (batch) => batch.map((message) => Response.nack(message, {} as never)),
      })),
    fails: [RESPONSES, ORDINARY, FULL],
    says: /entry 0 is a nack with reason undefined/,
  },
  {
    how: 'answers ok and writes later',
    make: () =>
      memorySink({}, ({ write }) => ({
        write: (batch) => {
          const copies = batch.map((message) => ({ message, bytes: message.bytes() }))
          setImmediate(() => write(copies.map(copyOf)))
          return batch.map((message) =>
            message.text() === REFUSED_VALUE ? Response.failure(message) : Response.ok(message),
          )
        },
        close: () => new Promise<void>((resolve) => void setImmediate(resolve)),
      })),
    fails: [TRUTH],
    says: /"value-1" of message "m-1" not at all, but ok was answered for 1 such message/,
  },
  {
    how: 'answers ok and drops the last of a batch',
    make: () =>
      memorySink({}, ({ write }) => ({
        write: (batch) => {
          write(batch.length > 1 ? batch.slice(0, -1) : batch)
          return batch.map(Response.ok)
        },
      })),
    fails: [TRUTH, NOT_KEPT, OVERLAP, TWO, REFUSED_CASE],
    says: /"value-8" of message "m-8" not at all/,
  },
  {
    how: 'writes everything twice',
    make: () =>
      memorySink({}, ({ write }) => ({
        write: (batch) => {
          write(batch)
          return write(batch)
        },
      })),
    fails: [...VALUES, TRUTH, NOT_KEPT, OVERLAP, TWO],
    says: /"odd-1" 2 times, but only 1 such message was given/,
  },
  {
    how: 'cuts values at a zero byte',
    make: () =>
      memorySink({}, ({ accepted }) => ({
        write: (batch) => {
          for (const message of batch) accepted.push(Buffer.from(message.text().split('\0')[0]))
          return batch.map(Response.ok)
        },
      })),
    fails: [valueCase('a value of every possible byte'), REFUSED_CASE],
    says: /accepted\(\) holds "", the value of no message that was given/,
  },
  {
    how: 'drops values of more than 64 KiB',
    make: writingOnly((batch) => batch.filter(({ value }) => value.length <= 65_536)),
    fails: [valueCase('a value of 1 MiB')],
    says: /\(1048576 bytes\) of message "odd-1" not at all/,
  },
  {
    how: 'takes equal values for one message',
    make: () => {
      const seen = new Set<string>()
      return writingOnly((batch) =>
        batch.filter((message) => !seen.has(message.text()) && seen.add(message.text())),
      )()
    },
    fails: [valueCase('equal values of different messages')],
    says: /"twin" of message "odd-1", "odd-2" 1 time, but ok was answered for 2 such messages/,
  },
  {
    how: 'writes text as Latin-1',
    make: () =>
      memorySink({}, ({ accepted, write }) => ({
        write: (batch) => {
          const responses = write(batch)
          for (const [i, value] of accepted.entries()) {
            if (value.includes(0xf0)) accepted[i] = Buffer.from(value.toString(), 'latin1')
          }
          return responses
        },
      })),
    fails: [valueCase('text beyond ASCII'), valueCase('a value of every possible byte')],
    says: /text beyond ASCII.*the value of no message that was given/,
  },
  {
    how: 'throws at a message without keys',
    make: writingOnly((batch) => (batch.every(({ keys }) => keys.length > 0) ? batch : fail('no key'))),
    fails: VALUES.filter((name) => !/tombstone|several keys/.test(name)),
    says: /write threw Error: no key/,
  },
  {
    how: 'calls itself ordered and reverses a batch',
    make: () =>
      memorySink({ ordered: true }, ({ write }) => ({ write: (batch) => write(batch.toReversed()) })),
    fails: [ORDER, AFTER_FAILURE],
    says: /"m-2" was written before "m-1", which came first in the batch \(keys \["same"\]\)/,
  },
  {
    how: 'calls itself ordered and goes on after a failure',
    make: () => memorySink({}, () => ({ ordered: true })),
    fails: [AFTER_FAILURE],
    says: /ok was answered for "m-2", "m-3" after "refused" of the same key failed/,
  },
  {
    how: 'calls itself atomic and writes a part',
    make: () => memorySink({}, () => ({ atomic: true })),
    fails: [ATOMIC],
    says: /ok was answered for "m-1", "m-2" in a batch in which "refused" failed/,
  },
  {
    how: 'answers ok for what it refuses',
    make: () =>
      memorySink({}, ({ write }) => ({ write: (batch) => write(batch).map(({ ref }) => Response.ok(ref)) })),
    fails: [REFUSED_CASE],
    says: /ok was answered for the value that make\(\) gave as `refused`/,
  },
  {
    how: 'changes the values that it is given',
    make: () =>
      memorySink({}, ({ write }) => ({
        write: (batch) => {
          const responses = write(batch)
          for (const { value } of batch) value.fill(0)
          return responses
        },
      })),
    fails: [UNCHANGED],
    says: /write changed the memory of "m-1", "m-2", "m-3", "m-4", "m-5"/,
  },
  {
    how: 'keeps views of values beyond its answer',
    make: () =>
      memorySink({}, ({ accepted }) => ({
        write: (batch) => batch.map((message) => keep(accepted, message)),
      })),
    fails: [NOT_KEPT],
    says: /what the harness wrote over a value after its answer/,
  },
  {
    how: 'never answers',
    make: () =>
      memorySink({ ordered: true, atomic: true, writeTimeoutMs: 20 }, () => ({
        write: () => new Promise(() => undefined),
      })),
    fails: 'all',
    spares: [CLOSES_AT_ONCE],
    says: /no answer to the batch of "m-1" after 20 ms/,
  },
  {
    how: 'throws at an empty value',
    make: () =>
      memorySink({}, ({ write }) => ({
        write: (batch) => {
          if (batch.some(({ value, tombstone }) => value.length === 0 && !tombstone))
            throw new TypeError('empty')
          return write(batch)
        },
      })),
    fails: [valueCase('an empty value')],
    says: /write threw TypeError: empty for the batch of "odd-1"/,
  },
  {
    how: 'rejects batches of more than 100',
    make: () =>
      memorySink({}, ({ write }) => ({
        write: async (batch) => {
          if (batch.length > 100) throw new RangeError('too many')
          return write(batch)
        },
      })),
    fails: [FULL],
    says: /write threw RangeError: too many .* a sink takes batchMax messages at once \(500 here\)/,
  },
  {
    how: 'throws always',
    make: () =>
      memorySink({}, () => ({
        write: () => {
          throw new Error('down')
        },
      })),
    fails: [ORDINARY, FULL, ...VALUES, OVERLAP, TWO],
    says: /"m-1" not written after 10 attempts: write threw Error: down/,
  },
  {
    how: 'mixes up the answers of writes that overlap',
    make: () => memorySink({ concurrency: 3 }, mixUp),
    fails: [OVERLAP],
    says: /a response for "m-7", "m-8", "m-9", which the batch does not hold/,
  },
  {
    how: 'shares one life among its instances',
    make: sharingOneLife(),
    fails: [TWO],
    says: /write threw Error: closed/,
  },
  {
    how: 'throws at close',
    make: () =>
      memorySink({}, () => ({
        close: () => {
          throw new Error('already closed')
        },
      })),
    fails: [CLOSES, CLOSES_AT_ONCE],
    says: /close resolves: it threw Error: already closed/,
  },
  {
    how: 'never closes',
    make: () => memorySink({}, () => ({ close: () => new Promise(() => undefined) })),
    options: { timeoutMs: 20 },
    fails: [CLOSES, CLOSES_AT_ONCE],
    says: /close resolves: it had not after 20 ms/,
  },
  {
    how: 'does not open',
    make: () => memorySink({}, () => ({ open: () => Promise.reject(new Error('port taken')) })),
    fails: 'all',
    says: /open resolves: it threw Error: port taken/,
  },
  {
    how: 'answers fallback as a fallback sink',
    make: () =>
      memorySink({}, ({ write }) => ({
        write: (batch) =>
          write(batch).map((response) =>
            response.outcome === 'failure' ? Response.fallback(response.ref) : response,
          ),
      })),
    options: { role: 'fallback' },
    fails: [LAST],
    says: /fallback was answered for "m-1" by a sink in the role fallback/,
  },
]

function valueCase(what: string): string {
  return `${what}: written as given, or refused by an answer`
}

function dropLast(responses: readonly Response[]): Response[] {
  return responses.length > 1 ? responses.slice(0, -1) : responses.slice()
}

/** One more response, but for batches of one. */
function extra(batch: readonly Message[], ref: Message | string): Response[] {
  return batch.length > 1 ? [Response.ok(ref)] : []
}

function several<T>(batch: readonly Message[], one: T, many: T): T {
  return batch.length > 1 ? many : one
}

function keep(accepted: Buffer[], message: Message): Response {
  if (message.text() === REFUSED_VALUE) return Response.failure(message)
  accepted.push(message.value)
  return Response.ok(message)
}

/** Writes a part of each batch, and answers ok for all that it does not refuse. */
function writingOnly(choose: (batch: readonly Message[]) => readonly Message[]): MakeSink {
  return () =>
    memorySink({}, ({ write }) => ({
      write: (batch) => {
        const answered = new Map(write(choose(batch)).map((response) => [response.ref, response]))
        return batch.map((message) => answered.get(message) ?? Response.ok(message))
      },
    }))
}

function fail(what: string): never {
  throw new Error(what)
}

/** Answers each write with the ids of the one that came last. */
function mixUp({ write }: Honest): Partial<Sink> {
  let latest: readonly Message[] = []
  return {
    write: async (batch) => {
      latest = batch
      write(batch)
      await Promise.resolve()
      return latest.map((message) =>
        message.text() === REFUSED_VALUE ? Response.failure(message) : Response.ok(message),
      )
    },
  }
}

/** Once one instance has closed, all have. */
function sharingOneLife(): MakeSink {
  let openCount = 0
  return () =>
    memorySink({}, ({ write }) => ({
      open: () => void openCount++,
      write: (batch) => {
        if (openCount === 0) throw new Error('closed')
        return write(batch)
      },
      close: () => {
        openCount = 0
      },
    }))
}

function copyOf({ message, bytes }: { message: Message; bytes: Buffer }): Message {
  return { id: message.id, keys: [], bytes: () => bytes, text: () => bytes.toString() } as unknown as Message
}
