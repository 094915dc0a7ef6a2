// F5: the sinks' thread dies within a batch: only its batches are repeated. The source's thread dies within a read or an ack: its
// successor reads again what lay above the low watermark, and nobody acks what he did not read.

import { inHandOf } from '../in-hand.mjs'
import { successorProblems, successorsOf } from '../successors.mjs'

const RATE = 10_000
const COUNT = 15_000
const DEATHS = 3

/**
 * What differs between the ends: where they die and how, the word of the ledger that tells that one works again, and what is to be
 * said of a scene that is over.
 * @typedef {object} End
 * @property {'sink' | 'source'} end
 * @property {string} word
 * @property {[number, number]} range of the ids within whose batch it dies, or of the reads
 * @property {string[]} ways
 * @property {(stage: import('../scene.mjs').Scene, deaths: import('../ledger.mjs').Event[]) => { mayRepeat: (repeat: import('../check.mjs').Repeat) => boolean, problems: string[] }} judge
 */

/** @param {string} id @param {string} name @param {string} bound @param {End} end @returns {import('../row.mjs').Row} */
function endDies(id, name, bound, end) {
  return {
    id,
    name,
    bound,
    async run(context, account) {
      for (let round = 0; round < context.pick(2, 20); round++)
        for (const order of ['none', 'key', 'source'])
          await oneRun(context, account, { ...end, order, round })
    },
  }
}

async function oneRun({ scene, random }, account, { end, word, range, ways, judge, order, round }) {
  const label = `${order} ${round}`
  const stage = scene(`${order}-${round}`, { count: COUNT })
  const deaths = random.distinct(DEATHS, ...range).map((at) => [at, random.pick(ways)])
  const isLate = round % 2 === 1
  const ended = await stage.run('end-dies', { end, order, isLate, deaths, rate: RATE })
  account.addEnd(label, ended, 0)
  const told = stage.ledger('faults').events.filter((event) => event.word === 'death')
  account.fault(told.length)
  account.assert(label, told.length === DEATHS, `${told.length} threads died, wanted ${DEATHS}`)
  const { mayRepeat, problems } = judge(stage, told)
  account.addScene(stage, label, { order, isComplete: true, mayRepeat })
  account.expect(label, problems)
  for (const ms of resumedAfter(stage, end, word, told)) account.recovered(ms)
}

/** From each death to the next entry of this word. */
function resumedAfter(stage, name, word, deaths) {
  const events = stage.ledger(name).events.filter((event) => event.word === word)
  return deaths.flatMap(({ ms }) => {
    const next = events.find((event) => event.ms > ms)
    return next === undefined ? [] : [next.ms - ms]
  })
}

export const sinkDies = endDies('F5-sink', 'thread of the sinks dies', 'its batches', {
  end: 'sink',
  word: 'at',
  range: [500, COUNT * 0.9],
  ways: ['none', 'half', 'all'],
  judge(_, deaths) {
    const inHand = inHandOf(deaths)
    return { mayRepeat: ({ id }) => inHand.has(id), problems: [] }
  },
})

export const readerDies = endDies('F5-reader', 'thread of the source dies', 'above the low watermark', {
  end: 'source',
  word: 'R',
  // Each reader counts anew, and may read 50 records at once: three times so much is less than there is.
  range: [20, 60],
  ways: ['read', 'gave', 'timer', 'ack', 'acked'],
  judge(stage) {
    const successors = successorsOf(stage)
    const mayRepeat = ({ id }) => successors.some(({ committed }) => stage.input.offsets[id] >= committed)
    return { mayRepeat, problems: successorProblems(successors) }
  },
})
