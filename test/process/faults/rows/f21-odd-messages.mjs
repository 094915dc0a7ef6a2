// F21: odd messages from a source of the user's own: each is handled as it came, or the topology ends with a clear error; it never hangs.

import { createHash } from 'node:crypto'
import { oddRecords } from '../odd-records.mjs'
import { endProblems } from '../scene.mjs'

const MIB = 1_048_576
/** What each kind comes to: all of them, or an error. */
const KINDS = {
  empty: 'all',
  megabyte: 'all',
  limit: 'all',
  overLimit: /^ERR_MESSAGE_TOO_LARGE .*1,048,577 bytes, limits\.messageBytes is 1,048,576/m,
  utf8: 'all',
  headers: 'all',
  headersOverLimit: /^ERR_MESSAGE_TOO_LARGE .*more than 128 KiB/m,
  ids: 'all',
  keys: 'all',
  nullKeys: 'either',
  tombstones: 'all',
}
/** Kinds of more than one limit. */
const LARGE = { 'limit at 64 MiB': ['limit', 64 * MIB] }

/** @type {import('../row.mjs').Row} */
export const oddMessages = {
  id: 'F21',
  name: 'odd messages',
  async run({ scene, pick }, account) {
    for (const [i, kind] of Object.keys(KINDS).entries()) {
      const all = ['none', 'key', 'source']
      for (const order of pick([all[i % 3]], all))
        await oneKind(scene(`${kind}-${order}`, { count: 1 }), account, kind, order, MIB)
    }
    for (const [label, [kind, limit]] of pick([], Object.entries(LARGE))) {
      await oneKind(scene(label, { count: 1 }), account, kind, 'key', limit)
    }
  },
}

async function oneKind(stage, account, kind, order, limit) {
  const label = `${kind}, order ${order}`
  const ended = await stage.run('odd-messages', { kind, order, limit }, { timeoutMs: 30_000 })
  const records = oddRecords(kind, limit)
  const given = stage
    .ledger('sink')
    .events.filter(({ word }) => word === 'said')
    .map(({ more }) => JSON.parse(more))
  account.outcome.runs++
  account.outcome.messages += records.length
  account.fault()
  const wanted = KINDS[kind]
  const isHandled = wanted === 'all' || (wanted === 'either' && ended.code === 0)
  account.expect(label, endProblems(ended, isHandled ? 0 : 1))
  if (isHandled) account.expect(label, differences(records, given))
  else {
    const text = wanted === 'either' ? /^ERR_SOURCE .*keys/m : wanted
    account.assert(label, text.test(ended.stderr), `did not say ${text}: ${ended.stderr.trim().slice(-300)}`)
    account.expect(label, acksBeyond(stage, given))
  }
}

function differences(records, given) {
  const byOffset = new Map(given.map((each) => [Number(each.offset), each]))
  const wrong = records.filter(({ offset, value, keys, headers, id }) => {
    const bytes = value === null ? Buffer.alloc(0) : Buffer.from(value)
    const one = byOffset.get(offset)
    return !(
      one !== undefined &&
      one.hash === createHash('sha256').update(bytes).digest('hex') &&
      one.tombstone === (value === null) &&
      one.headers === Object.keys(headers ?? {}).length &&
      one.keys.join('|') === (keys ?? []).map((key) => Buffer.from(key).toString()).join('|') &&
      (id === undefined || one.id === id)
    )
  })
  const problems = wrong
    .slice(0, 3)
    .map(
      ({ offset }) =>
        `record ${offset} is not as it came: ${JSON.stringify(byOffset.get(offset))?.slice(0, 200)}`,
    )
  if (given.length !== records.length) problems.push(`${given.length} accepted, wanted ${records.length}`)
  return problems
}

/** What was acked before the error was accepted. */
function acksBeyond(stage, given) {
  const accepted = new Set(given.map(({ offset }) => offset))
  const acked = stage
    .ledger('source')
    .events.filter(({ word }) => word === 'A')
    .flatMap(({ more }) => more.split(' '))
  const lost = acked.filter((offset) => !accepted.has(offset))
  return lost.length === 0 ? [] : [`acked, but accepted by nobody: ${lost}`]
}
