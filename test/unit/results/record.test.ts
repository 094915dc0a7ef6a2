import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeRecord, encodeRecord, setTime } from '../../../src/results/lmdb/record.js'

test('a record gives back what it was made of, whatever the id and the bytes are', () => {
  const state = fc.constantFrom<'accepted' | 'finished'>('accepted', 'finished')
  // Halves of surrogate pairs, too.
  const id = fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units))
  const property = fc.property(state, id, fc.uint8Array(), fc.nat(), (state, id, bytes, atMs) => {
    const record = encodeRecord(state, id, bytes)
    setTime(record, atMs + 0.25)
    const entry = decodeRecord('7', record)
    expect(entry).toMatchObject({ state, id, atMs: atMs + 0.25, key: '7' })
    expect(Buffer.compare(entry?.bytes ?? Buffer.from('none'), bytes)).toBe(0)
  })
  const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff)
  console.info(`record: SEED=${seed}`)
  fc.assert(property, { seed })
})

test('a record of shared memory is a copy', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(8)).fill(1)
  const record = encodeRecord('accepted', 'a', shared)
  shared.fill(2)
  expect(decodeRecord('0', record)?.bytes).toEqual(Buffer.alloc(8, 1))
})

test.each([
  ['nothing', []],
  ['another format', [2, 0, ...new Array(20).fill(0)]],
  ['another state', [1, 7, ...new Array(20).fill(0)]],
  ['an id beyond its end', [1, 0, ...new Array(8).fill(0), 200, 0, 0, 0, 1]],
  ['text', [...Buffer.from('{"path":"a.txt"}')]],
])('%s is no record', (_, bytes) => {
  expect(decodeRecord('0', Uint8Array.from(bytes))).toBeUndefined()
})
