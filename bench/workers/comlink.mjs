import { parentPort } from 'node:worker_threads'
import { expose } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { own, workOfThread } from '../work.mjs'

const { handler } = workOfThread()

expose((message) => ({ id: message.id, value: own(handler(message)) }), nodeEndpoint(parentPort))
