// Sources that break the contract, each in one way, with the cases that must tell of it, and what they must say.

import type { Source, SourceContext, SourcePosition, SourceRecord } from '../../src/sources/source.js'
import type { MakeSource, SourceContractOptions } from '../../src/testing/index.js'
import { type Honest, type Kind, memorySource } from './memory-source.js'

export type BrokenSource = {
  how: string
  make: MakeSource
  options?: Partial<SourceContractOptions>
  /** The cases that fail, all of them; 'all' where nothing can be right, but for those that it spares. */
  fails: readonly string[] | 'all'
  spares?: readonly string[]
  /** What one of them says. */
  says: RegExp
}

const SHAPE = 'read gives an array of at most max records, or null'
const WELL_FORMED = 'every record is well formed'
const OFFSETS = 'offsets are whole numbers of at most 64 bits'
const UNIQUE = 'no offset of a partition is given twice'
const SAME = 'reading by 1, by 7 and by 500 gives the same records'
const EXPECTED = 'the values are the expected ones'
const END = 'the end is null, and stays null'
const PENDING = 'pending is a number, and 0 at the end'
const COUNTS = 'partitions and total are true'
const ACK_ALL = 'records may be acked in order, in one call'
const ACK_ANY = 'records may be acked one by one, in any order'
const AGAIN = 'a nacked record comes again, as it was'
const ACKED = 'an acked record never comes again'
const ONLY_NACKED = 'only what was nacked comes again, and once for each nack'
export const DELAY = 'a nacked record comes no sooner than its delayMs'
const AFTER_END = 'a nack after the end makes read give the record again'
const ABORT = 'aborting the signal ends a read that waits'
const RESUME = 'a successor resumes at the lowest record that is not settled'
const CLOSES = 'close resolves'
const CLOSES_AT_ONCE = 'close resolves without a read before it'
const CLOSES_WHILE = 'close resolves while a read waits'

type Bend = (honest: Honest) => Partial<Source>

export const BROKEN_SOURCES: readonly BrokenSource[] = [
  {
    how: 'gives one record more than max',
    make: bent({}, ({ read }) => ({ read: (max) => read(max + 1) })),
    fails: [SHAPE],
    says: /read\(1\) gave 2 records\. Wanted: at most 1/,
  },
  {
    how: 'gives an object instead of a list',
    make: bent({}, ({ read }) => ({ read: async (max) => ({ records: await read(max) }) as never })),
    fails: 'all',
    spares: [RESUME, CLOSES_AT_ONCE],
    says: /read gave an object with "records"\. Wanted: a list of records, or null/,
  },
  {
    how: 'gives numbers for records',
    make: bent({}, () => ({ read: () => [1] as never })),
    fails: 'all',
    spares: [RESUME, CLOSES_AT_ONCE],
    says: /a record is number 1\. Wanted: an object/,
  },
  {
    how: 'throws',
    make: bent({}, () => ({ read: () => Promise.reject(new Error('torn')) })),
    fails: 'all',
    spares: [RESUME, CLOSES_AT_ONCE],
    says: /read resolves: read threw Error: torn/,
  },
  {
    how: 'never answers a read',
    make: bent({}, () => ({ read: () => new Promise(() => undefined) })),
    options: { timeoutMs: 50 },
    fails: 'all',
    spares: [RESUME, CLOSES_AT_ONCE, CLOSES_WHILE],
    says: /read\(7\) had not resolved after 50 ms, with 0 records read/,
  },
  {
    how: 'gives values that are numbers',
    make: bent(
      { values: ['1', '2', '3'] },
      changing((record) => ({ ...record, value: Number(record.value) as never })),
    ),
    fails: [WELL_FORMED, EXPECTED],
    says: /offset 0 has the value number 1, not a string, bytes or null/,
  },
  {
    how: 'gives a value that is larger than it may be',
    make: bent(),
    options: { messageBytesMax: 7 },
    fails: [WELL_FORMED],
    says: /offset 100 has a value of 8 bytes, more than messageBytesMax = 7/,
  },
  {
    how: 'gives keys that are no list',
    make: bent(
      {},
      changing((record) => ({ ...record, keys: 'a' as never })),
    ),
    fails: [WELL_FORMED],
    says: /offset 0 has keys that are "a", not a list of strings/,
  },
  {
    how: 'gives fractions as offsets',
    make: bent({}, unnackable(changing((record) => ({ ...record, offset: Number(record.offset) + 0.5 })))),
    fails: [OFFSETS],
    says: /record 0 has the offset number 0\.5, neither a bigint nor a safe integer/,
  },
  {
    how: 'gives offsets of more than 64 bits',
    make: bent(
      {},
      unnackable(changing((record) => ({ ...record, offset: 2n ** 63n + (record.offset as bigint) }))),
    ),
    fails: [OFFSETS],
    says: /record 0 has the offset 9223372036854775808, more than 64 bits/,
  },
  {
    how: 'gives no offsets',
    make: bent({}, unnackable(changing(({ offset: _, ...record }) => record))),
    fails: [OFFSETS],
    says: /record 0 has no offset, and the source has ack or nack/,
  },
  {
    how: 'gives an offset twice',
    make: bent(
      {},
      unnackable(changing((record) => (record.offset === 10n ? { ...record, offset: 0n } : record))),
    ),
    fails: [UNIQUE],
    says: /record 0 and record 1 both have partition 0 offset 0, and nothing was nacked/,
  },
  {
    how: 'reverses each batch',
    make: bent({}, ({ read }) => ({ read: async (max) => (await read(max))?.toReversed() ?? null })),
    fails: [SAME, EXPECTED],
    says: /record 0 is partition 0 offset 0 with "value-0" by 1, and partition 0 offset 60 with "value-6" by 7/,
  },
  {
    how: 'loses a record where a batch is cut',
    make: bent({}, losingBetweenBatches),
    fails: [SAME, COUNTS, EXPECTED],
    says: /record 7 is partition 0 offset 70 with null by 1, and partition 0 offset 80 with "value-8" by 7/,
  },
  {
    how: 'gives something else than expected',
    make: bent(
      {},
      changing((record) => (record.offset === 30n ? { ...record, value: 'other' } : record)),
    ),
    fails: [EXPECTED],
    says: /value 3 \(partition 0 offset 30\) is "other", not 4 bytes \(03 00 ff 0a\)/,
  },
  {
    how: 'never ends',
    make: bent({}, ({ read }) => ({ read: async (max) => (await read(max)) ?? [] })),
    fails: [END],
    says: /60 records came, all acked, then neither a record nor null for 300 ms/,
  },
  {
    how: 'begins anew after the end',
    make: beginningAnew(),
    fails: [END],
    says: /read gave null, and then partition 0 offset 0/,
  },
  {
    how: 'gives more than there is',
    make: bent({}, givingMore),
    fails: [END, EXPECTED],
    says: /more than 60 records came, which were expected/,
  },
  {
    how: 'says that all is pending for ever',
    make: bent({}, () => ({ pending: () => 60 })),
    fails: [PENDING],
    says: /pending\(\) is 60 after read gave null, with all records acked/,
  },
  {
    how: 'does not know what is pending',
    make: bent({}, () => ({ pending: () => Number.NaN })),
    fails: [PENDING],
    says: /pending\(\) is number NaN before the first read/,
  },
  {
    how: 'has a wrong total',
    make: bent({}, () => ({ total: 61 })),
    fails: [COUNTS],
    says: /total is 61, and 60 records came/,
  },
  {
    how: 'has partitions without a number',
    make: bent({}, () => ({ partitions: () => [undefined] as never })),
    fails: [COUNTS],
    says: /partitions\(\) gave "undefined"/,
  },
  {
    how: 'loses what is nacked',
    make: bent({}, () => ({ nack: () => undefined })),
    fails: [AGAIN, DELAY, AFTER_END],
    says: /read gave null, the end, and partition 0 offsets 0, 30, 60, .* had not come again/,
  },
  {
    how: 'loses what is nacked, and never ends',
    make: bent({ endless: true }, () => ({ nack: () => undefined })),
    options: { endless: true },
    fails: [AGAIN, DELAY],
    says: /partition 0 offsets 0, 30, 60, .* had not come again after 300 ms/,
  },
  {
    how: 'gives another value the second time',
    make: bent({}, changingRedeliveries),
    fails: [AGAIN, DELAY, AFTER_END],
    says: /partition 0 offset 0 came again with "second time", and had been "value-0"/,
  },
  {
    how: 'gives acked records again with the nacked ones',
    make: bent({}, redeliveringAcked),
    fails: [ACKED, ONLY_NACKED, AFTER_END],
    says: /partition 0 offsets 0, 20, 40, .* and 5 more came again after the ack/,
  },
  {
    how: 'rewinds at a nack',
    make: bent({}, ({ nack }) => ({
      nack: (nacks) => {
        const lowest = Math.min(...nacks.map(({ offset }) => Number(offset)))
        const rest = Array.from({ length: 30 - lowest / 10 }, (_, i) => ({
          ...nacks[0],
          offset: BigInt(lowest + i * 10),
        }))
        nack(rest)
      },
    })),
    fails: [ONLY_NACKED, ACKED, AFTER_END],
    says: /partition 0 offset 10 came again and was not nacked/,
  },
  {
    how: 'gives each nacked record twice',
    make: bent({}, ({ nack }) => ({ nack: (nacks) => nack([...nacks, ...nacks]) })),
    fails: [ONLY_NACKED, AFTER_END],
    says: /partition 0 offset 0 came again twice for one nack/,
  },
  {
    how: 'takes acks in order only',
    make: bent({}, takingAcksInOrder),
    fails: [ACK_ANY],
    says: /ack resolves: it threw Error: out of order/,
  },
  {
    how: 'takes no more than 20 acks at once',
    make: bent({}, () => ({
      ack: (acks) => {
        if (acks.length > 20) throw new Error('too many')
      },
    })),
    fails: [ACK_ALL, EXPECTED, END, PENDING, COUNTS, AFTER_END],
    says: /ack resolves: it threw Error: too many/,
  },
  {
    how: 'ignores the signal',
    make: bent({ endless: true }, ({ read, signal }) => ({
      read: async (max) => {
        const records = await read(max)
        return signal().aborted ? new Promise(() => undefined) : records
      },
    })),
    options: { endless: true },
    fails: [ABORT],
    says: /the read still waited 100 ms after the abort/,
  },
  {
    how: 'resumes behind the record',
    make: bent({}, ({ open }) => ({ open: (context) => open({ ...context, ...behind(context.resume) }) })),
    options: { resumable: true },
    fails: [RESUME],
    says: /resumed at partition 0 offset 300, it gave partition 0 offset 310 with .* where partition 0 offset 300/,
  },
  {
    how: 'begins anew in spite of resume',
    make: bent({}, ({ open }) => ({ open: ({ resume: _, ...context }) => open(context) })),
    options: { resumable: true },
    fails: [RESUME],
    says: /resumed at partition 0 offset 300, it gave partition 0 offset 0 with "value-0" where partition 0 offset 300/,
  },
  {
    how: 'throws at close',
    make: bent({}, () => ({ close: () => Promise.reject(new Error('busy')) })),
    fails: [CLOSES, CLOSES_AT_ONCE, CLOSES_WHILE],
    says: /close resolves: it threw Error: busy/,
  },
  {
    how: 'waits for its read before it closes',
    make: bent({ endless: true }, closingAfterRead),
    options: { endless: true },
    fails: [CLOSES_WHILE],
    says: /close resolves: it had not after 300 ms/,
  },
  {
    how: 'does not open',
    make: bent({}, () => ({ open: () => Promise.reject(new Error('no such file')) })),
    fails: 'all',
    spares: [RESUME],
    says: /open resolves: it threw Error: no such file/,
  },
]

/** Apart from the others: a stalled machine may hide its fault. */
export const HASTY_SOURCE: BrokenSource = {
  how: 'does not wait for delayMs',
  make: bent({}, ({ nack }) => ({ nack: (nacks) => nack(nacks.map((one) => ({ ...one, delayMs: 0 }))) })),
  fails: [DELAY],
  says: /partition 0 offset 0 came again after [\d.]+ ms\. Wanted: not before the delayMs of its nack, 50/,
}

function bent(kind: Kind = {}, bend?: Bend): MakeSource {
  return () => memorySource(kind, bend)
}

function changing(change: (record: SourceRecord) => SourceRecord): Bend {
  return ({ read }) => ({ read: async (max) => (await read(max))?.map(change) ?? null })
}

/** Of records without offsets nothing can be nacked. */
function unnackable(bend: Bend): Bend {
  return (honest) => ({ ...bend(honest), nack: undefined as never })
}

function losingBetweenBatches({ read, owed }: Honest): Partial<Source> {
  return {
    read: async (max) => {
      const records = (await read(max))?.map((record) => ({ ...record })) ?? null
      if (max > 1 && owed.length === 0) await read(1)
      return records
    },
  }
}

function givingMore({ read }: Honest): Partial<Source> {
  let more: SourceRecord[] | undefined = [{ partition: 0, offset: 9_990n, value: 'more' }]
  return {
    read: async (max) => {
      const records = (await read(max)) ?? more ?? null
      if (records === more) more = undefined
      return records
    },
  }
}

function beginningAnew(): MakeSource {
  return () => {
    let { source, expected = [] } = memorySource()
    let context: SourceContext | undefined
    const open = (given: SourceContext) => {
      context = given
      source.open?.(given)
    }
    const read = async (max: number) => {
      const records = await source.read(max)
      if (records !== null) return records
      source = memorySource().source
      source.open?.(context as SourceContext)
      return null
    }
    return { source: { ordered: true, open, read }, expected }
  }
}

function changingRedeliveries({ read }: Honest): Partial<Source> {
  const seen = new Set<unknown>()
  return changing((record) => {
    if (seen.has(record.offset)) return { ...record, value: 'second time' }
    seen.add(record.offset)
    return record
  })({ read } as Honest)
}

function redeliveringAcked({ nack }: Honest): Partial<Source> {
  const acked: SourcePosition[] = []
  return {
    ack: (acks) => void acked.push(...acks),
    nack: (nacks) =>
      nack([...nacks, ...acked.splice(0).map((position) => ({ ...position, reason: '', delayMs: 0 }))]),
  }
}

function takingAcksInOrder(): Partial<Source> {
  let last = -1n
  return {
    ack: (acks) => {
      for (const { offset } of acks) {
        if (offset < last) throw new Error('out of order')
        last = offset
      }
    },
    nack: undefined as never,
  }
}

function closingAfterRead({ read }: Honest): Partial<Source> {
  let reading: Promise<unknown> = Promise.resolve()
  return {
    read: (max) => {
      const records = Promise.resolve(read(max))
      reading = records
      return records
    },
    close: async () => void (await reading),
  }
}

function behind(resume: SourcePosition | undefined): { resume?: SourcePosition } {
  return resume ? { resume: { ...resume, offset: resume.offset + 10n } } : {}
}
