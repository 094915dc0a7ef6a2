// F5: the sinks' thread dies within a batch: only its batches are repeated. The source's thread dies within a read or an ack: its
// successor reads again what lay above the low watermark, and nobody acks what he did not read.

import { inHandOf } from '../in-hand.mjs'
import { successorProblems, successorsOf } from '../successors.mjs'

const RATE = 10_000

/** @type {import('../row.mjs').Row} */
export const sinkDies = {
  id: 'F5-sink',
  name: 'thread of the sinks dies',
  bound: 'its batches',
  async run({ scene, random, pick }, account) {
    for (let round = 0; round < pick(2, 20); round++) {
      for (const order of ['none', 'key', 'source']) {
        const count = 12_000
        const stage = scene(`${order}-${round}`, { count })
        const ids = random.distinct(3, 500, count * 0.9)
        const deaths = ids.map((id) => [id, random.pick(['none', 'half', 'all'])])
        const label = `${order} ${round}`
        const ended = await stage.run('end-dies', {
          end: 'sink',
          order,
          isLate: round % 2 === 1,
          deaths,
          rate: RATE,
        })
        account.addEnd(label, ended, 0)
        const told = stage.ledger('faults').events.filter(({ word }) => word === 'death')
        account.fault(told.length)
        account.assert(label, told.length > 0, 'no thread died')
        const inHand = inHandOf(told)
        account.addScene(stage, label, { order, isComplete: true, mayRepeat: ({ id }) => inHand.has(id) })
        for (const ms of resumedAfter(stage, 'sink', 'at', told)) account.recovered(ms)
      }
    }
  },
}

/** @type {import('../row.mjs').Row} */
export const readerDies = {
  id: 'F5-reader',
  name: 'thread of the source dies',
  bound: 'above the low watermark',
  async run({ scene, random, pick }, account) {
    for (let round = 0; round < pick(2, 20); round++) {
      for (const order of ['none', 'key', 'source']) {
        const stage = scene(`${order}-${round}`, { count: 12_000 })
        const ways = ['read', 'gave', 'timer', 'ack', 'acked']
        const deaths = random.distinct(3, 20, 200).map((read) => [read, random.pick(ways)])
        const label = `${order} ${round}`
        const ended = await stage.run('end-dies', {
          end: 'source',
          order,
          isLate: round % 2 === 1,
          deaths,
          rate: RATE,
        })
        account.addEnd(label, ended, 0)
        const told = stage.ledger('faults').events.filter(({ word }) => word === 'death')
        account.fault(told.length)
        const successors = successorsOf(stage)
        const mayRepeat = ({ id }) => successors.some(({ committed }) => stage.input.offsets[id] >= committed)
        account.addScene(stage, label, { order, isComplete: true, mayRepeat })
        account.expect(label, successorProblems(successors))
        for (const ms of resumedAfter(stage, 'source', 'R', told)) account.recovered(ms)
      }
    }
    // Where much was read at once, there were fewer reads than the one it was to die in.
    account.assert('all', account.outcome.faults > 0, 'no thread died')
  },
}

/** From each death to the next entry of this word. */
function resumedAfter(stage, name, word, deaths) {
  const events = stage.ledger(name).events.filter((event) => event.word === word)
  return deaths.flatMap(({ ms }) => {
    const next = events.find((event) => event.ms > ms)
    return next === undefined ? [] : [next.ms - ms]
  })
}
