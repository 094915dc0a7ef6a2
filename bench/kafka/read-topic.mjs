// Reads a whole topic from its start: what a run has written, when the broker took it, and whether it is what was wanted.

import { randomUUID } from 'node:crypto'
import { WrongResult } from '../harness.mjs'

const READ_MS = 120_000

/** Calls `take(message)` for each record up to the given ends. */
export async function readTopic({ kafka }, topic, ends, take) {
  const consumer = kafka.consumer({ groupId: `read-${randomUUID()}`, maxWaitTimeInMs: 50 })
  const wanted = ends.reduce((sum, end) => sum + end, 0)
  let seen = 0
  let timer
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new WrongResult(`${seen} of ${wanted} could be read`)), READ_MS)
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
      const eachBatch = async ({ batch }) => {
        for (const message of batch.messages) take(message)
        seen += batch.messages.length
        if (seen >= wanted) resolve()
      }
      consumer.run({ autoCommit: false, eachBatch }).catch(reject)
    })
  } finally {
    clearTimeout(timer)
    await consumer.disconnect()
  }
}
