// Whether a run did what it was to do: nothing lost, nothing twice, nothing changed, all committed.

import { WrongResult } from '../harness.mjs'
import { hashed } from '../serve-work.mjs'
import { Generator, Meter } from '../work.mjs'
import { readTopic } from './read-topic.mjs'
import { workOf } from './work.mjs'

/** Where the digits of a record's number lie. */
const NUMBER = [9, 25]
/** So many have their whole value looked at. */
const LOOK_AT_EVERY = 997

/** Looks at all that is in the output topic, and at what is committed. Gives the broker's times, in their order and by number. */
export async function checkRecords(cluster, order, checksum) {
  const { to, count } = order
  const work = workOf(order)
  const meter = new Meter(work, 0, 0)
  const times = []
  const byNumber = new Array(checksum === undefined ? 0 : count).fill(0)
  await readTopic(cluster, to, await cluster.ends(to), ({ timestamp, value }) => {
    const number = Number(value.toString('latin1', ...NUMBER))
    times.push(Number(timestamp))
    byNumber[number] = Number(timestamp)
    meter.take(value)
    if (checksum !== undefined && number % LOOK_AT_EVERY === 0) lookAt(value, number, order)
  })
  if (times.length !== count) throw new WrongResult(`${times.length} records were written, wanted ${count}`)
  if (checksum !== undefined && meter.checksum !== checksum)
    throw new WrongResult(`checksum is ${meter.checksum}, wanted ${checksum}`)
  await checkCommitted(cluster, order)
  return { times, byNumber }
}

/** Looks at what a contender that only reads says that it saw, and at what is committed. */
export function checkResult(result, { count }, checksum) {
  if (result.count !== count) throw new WrongResult(`count is ${result.count}, wanted ${count}`)
  if (result.checksum !== checksum)
    throw new WrongResult(`checksum is ${result.checksum}, wanted ${checksum}`)
}

async function checkCommitted(cluster, { from, groupId }) {
  if (from === undefined || groupId === undefined) return
  const [ends, committed] = [await cluster.ends(from), await cluster.committed(groupId, from)]
  if (String(committed) !== String(ends)) throw new WrongResult(`committed is ${committed}, wanted ${ends}`)
}

function lookAt(value, number, { sizeBytes, handler, rounds }) {
  const generator = new Generator(sizeBytes)
  const wanted = generator.next()
  wanted.write(String(number).padStart(NUMBER[1] - NUMBER[0]), NUMBER[0], 'latin1')
  const result = handler === 'cpu' ? hashed({ value: wanted }, rounds) : wanted
  if (!result.equals(value)) throw new WrongResult(`record ${number} is ${value}, wanted ${result}`)
}
