// Map threads die at some messages, in several ways; each death happens once, or, of poison, each time.

import { threadId } from 'node:worker_threads'
import { defineTopology } from '../../../../dist/index.js'
import { idOf } from '../input.mjs'
import { chanceOf } from '../random.mjs'
import { tellFault } from './support/faults.mjs'
import { ledgerFallback, ledgerSink } from './support/ledger-sink.mjs'
import { inputSource } from './support/ledger-source.mjs'
import { once } from './support/once.mjs'
import { parameters } from './support/parameters.mjs'
import { stamp } from './support/stamp.mjs'

const { order, seed, lateShare, handlerTimeoutMs, poisonAfter } = parameters
/** Ways to die by id. */
const deaths = new Map(parameters.deaths)
const poison = new Map(parameters.poison ?? [])
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Each gives what the handler returns, where it still does. @type {Record<string, (tell: () => void, result: () => string) => any>} */
const WAYS = {
  exit(tell) {
    tell()
    process.exit(3)
  },
  async lateExit(tell) {
    await later(3)
    tell()
    process.exit(3)
  },
  timer(tell, result) {
    setTimeout(() => {
      tell()
      throw new Error('thrown in a timer')
    }, 1)
    return result()
  },
  rejection(tell, result) {
    tell()
    Promise.reject(new Error('rejected, and nobody listens'))
    return result()
  },
  spin(tell) {
    tell()
    for (;;) {}
  },
  async lateSpin(tell) {
    await later(3)
    tell()
    for (;;) {}
  },
  never(tell) {
    tell()
    return new Promise(() => {})
  },
}

async function lateStamp(message, context) {
  await later(1)
  return stamp(message, context)
}

export default defineTopology({
  name: 'thread-dies',
  source: inputSource(),
  map: {
    threads: 2,
    ...(handlerTimeoutMs && { handlerTimeoutMs }),
    handler(message, context) {
      const id = idOf(message.text())
      const way = poison.get(id) ?? deaths.get(id)
      if (way === undefined || (!poison.has(id) && !once(`death-${id}`))) {
        return chanceOf(seed, id, 77) < lateShare ? lateStamp(message, context) : stamp(message, context)
      }
      const death = `${context.thread} ${threadId} ${id} ${way}`
      tellFault('begun', death)
      const tell = () => tellFault('death', death)
      return WAYS[way](tell, () => stamp(message, context))
    },
  },
  order,
  sink: ledgerSink(),
  fallback: ledgerFallback(),
  ...(poisonAfter && { limits: { poisonAfter } }),
})
