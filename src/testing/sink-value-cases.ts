// Values and metadata that real streams hold: each is written as it is, or refused by an answer, never by a throw.

import type { MessageSpec } from './batch.js'
import { closeAndRequireAccepted, requireAnswered, requireNoThrow, type SinkCase } from './sink-case.js'
import type { SinkKit } from './sink-kit.js'

const MIB = 1024 * 1024

type Specs = (kit: SinkKit) => Omit<MessageSpec, 'id'>[]

export const VALUE_CASES: readonly SinkCase[] = [
  one('an empty value', () => [{ value: '' }]),
  one('a tombstone (no value)', () => [{ value: null, keys: ['gone'] }]),
  one('a value of 1 MiB', () => [{ value: Buffer.alloc(MIB, 'abcdefghijklmnopqrstuvwxyz') }]),
  one('a value of every possible byte', (kit) => [{ value: everyByte(kit) }]),
  one('text beyond ASCII', () => [{ value: 'grüße, 水車, 🌊' }]),
  one('equal values of different messages', () => [{ value: 'twin' }, { value: 'twin' }]),
  one('several keys, an empty one too, and tags', (kit) => [
    { value: ordinary(kit), keys: ['a', '', 'schlüssel', 'a b\n'], tags: ['t', 'ü'] },
  ]),
  one('headers of text and of bytes', (kit) => [
    {
      value: ordinary(kit),
      headers: { plain: 'text', Ünïcode: 'wäßrig', empty: '', bytes: Buffer.from([0, 255, 10]) },
    },
  ]),
  one('a message without id, keys or headers', (kit) => [
    { value: ordinary(kit), partition: 3, offset: 2 ** 40 },
  ]),
]

function one(what: string, specsOf: Specs): SinkCase {
  return {
    name: `${what}: written as given, or refused by an answer`,
    check: (kit, rule) => check(kit, rule, specsOf),
  }
}

async function check(kit: SinkKit, rule: string, specsOf: Specs): Promise<void> {
  const live = await kit.open()
  for (const [i, spec] of specsOf(kit).entries()) {
    const named = spec.offset === undefined ? { ...spec, id: `odd-${i + 1}` } : spec
    const answers = await live.writeSpecs([named])
    const wanted =
      'failure, fallback or nack for what cannot be written: a throw fails the whole batch, again and again'
    requireNoThrow(rule, answers, wanted)
    requireAnswered(rule, answers)
  }
  // An ordinary one behind it: a value must not swallow the next.
  await live.writeSpecs(kit.plain(1, 2))
  await closeAndRequireAccepted(live, rule)
}

function ordinary(kit: SinkKit): MessageSpec['value'] {
  return kit.plain(1)[0].value
}

function everyByte(kit: SinkKit): Buffer {
  const bytes = Buffer.from(Array.from({ length: 512 }, (_, i) => (i * 7) % 256))
  return kit.options.lineBreaks === false
    ? Buffer.from(bytes.filter((byte) => byte !== 10 && byte !== 13))
    : bytes
}
