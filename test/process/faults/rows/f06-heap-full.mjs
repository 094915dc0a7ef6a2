// F6: a handler fills the heap, and the process dies of it. Under --restarts another one takes over, and goes on where the source's
// account says.

import { hasRestarts } from '../features.mjs'
import { NotRun } from '../row.mjs'

const OPTIONS = {
  args: ['--restarts', '5'],
  env: { NODE_OPTIONS: '--max-old-space-size=64' },
  timeoutMs: 120_000,
}

/** Since version 24 Node ends a thread whose heap is full, and not the process: that is what we want of it. */
const ENDS_THE_THREAD = Number(process.versions.node.split('.')[0]) >= 24

/** @type {import('../row.mjs').Row} */
export const heapFull = {
  id: 'F6',
  name: 'heap exhausted, under --restarts',
  bound: 'what was not acked',
  async run({ scene, random, pick }, account) {
    if (!(await hasRestarts())) throw new NotRun('the command line has no --restarts yet')
    let died = 0
    for (const order of pick(['key', 'source'], ['none', 'key', 'source'])) {
      const stage = scene(order, { count: 12_000 })
      const full = random.distinct(3, 1_000, 11_000).map((id, i) => [id, i === 1 ? 'thread' : 'process'])
      const ended = await stage.run('heap-full', { order, full, remembers: true, rate: 8_000 }, OPTIONS)
      account.addEnd(order, ended, 0)
      const deaths = stage.ledger('faults').events.filter(({ word }) => word === 'death')
      account.fault(deaths.length)
      account.assert(
        order,
        deaths.length === full.length,
        `${deaths.length} heaps were filled, wanted ${full.length}`,
      )
      died += processesOf(stage) - 1
      const mayRepeat = ({ opening, before }) => opening > before.opening
      account.addScene(stage, order, { order, isComplete: true, tornMax: full.length, mayRepeat })
      for (const ms of recoveries(stage, deaths)) account.recovered(ms)
    }
    account.outcome.runs += died
    account.note(`${died} processes died; of the other heaps the threads alone died`)
    account.assert('all', died > 0 || ENDS_THE_THREAD, 'no process died of its heap')
  },
}

function processesOf(stage) {
  const openings = stage.ledger('sink').events.filter(({ word }) => word === 'open')
  return new Set(openings.map(({ more }) => more.split(' ')[1])).size
}

/** From each death of a process to the first message that is accepted in the next. */
function recoveries(stage, deaths) {
  const { events } = stage.ledger('sink')
  const openings = events.filter(({ word }) => word === 'open').slice(1)
  return openings.flatMap((opening) => {
    const death = deaths.findLast(({ ms }) => ms < opening.ms)
    const next = events.find(({ word, ms }) => word === 'at' && ms > opening.ms)
    return death === undefined || next === undefined ? [] : [next.ms - death.ms]
  })
}
