import { parentPort } from 'node:worker_threads'
import { own, workOfThread } from '../work.mjs'

const { handler } = workOfThread()

parentPort.on('message', (batch) => {
  parentPort.postMessage(batch.map((message) => ({ id: message.id, value: own(handler(message)) })))
})
