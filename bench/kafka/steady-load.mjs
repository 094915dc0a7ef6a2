// Writes records at a steady rate, numbered: a process of its own, so that nobody's thread delays it.

import { Producer } from 'platformatic-kafka-1'
import { Generator } from '../work.mjs'
import { jobOfProcess, KEYS } from './work.mjs'

const { brokers, from: topic, sizeBytes, count, rate } = jobOfProcess()
const producer = new Producer({ clientId: 'load', bootstrapBrokers: brokers.split(',') })
const generator = new Generator(sizeBytes)
await producer.metadata({ topics: [topic] })
const beginMs = performance.now()
const underWay = new Set()
let written = 0

const timer = setInterval(async () => {
  const due = Math.min(count, Math.floor(((performance.now() - beginMs) * rate) / 1000))
  if (due === written) return
  const messages = []
  for (; written < due; written++)
    messages.push({ topic, key: Buffer.from(`key-${written % KEYS}`), value: generator.next() })
  const sending = producer.send({ messages, acks: 1 })
  underWay.add(sending)
  await sending
  underWay.delete(sending)
  if (written < count || underWay.size > 0) return
  clearInterval(timer)
  await producer.close()
}, 1)
