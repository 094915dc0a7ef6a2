// @platformatic/kafka alone: takes what its stream gives, counts, commits every so many.

import { WARM_SHARE, workOf } from '../kafka/work.mjs'
import { Meter } from '../work.mjs'

const COMMIT_EVERY = 20_000

export async function run(job) {
  const { brokers, from: topic, groupId, count, platformatic } = job
  const { Consumer } = await import(platformatic)
  const meter = new Meter(workOf(job), count, count * WARM_SHARE)
  const consumer = new Consumer({ clientId: 'consume', bootstrapBrokers: brokers.split(','), groupId })
  const stream = await consumer.consume({
    topics: [topic],
    autocommit: false,
    mode: 'committed',
    fallbackMode: 'earliest',
  })
  const next = new Map()
  stream.on('data', ({ partition, offset, value }) => {
    meter.take(value)
    next.set(partition, offset + 1n)
    if (meter.seen % COMMIT_EVERY === 0 || meter.seen === count) commit()
  })

  function commit() {
    const offsets = [...next].map(([partition, offset]) => ({ topic, partition, offset, leaderEpoch: -1 }))
    consumer.commit({ offsets })
  }

  return {
    async stop() {
      await stream.close()
      await consumer.close(true)
      return meter.result()
    },
  }
}
