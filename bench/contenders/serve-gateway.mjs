// A gateway: one process takes the requests and passes them on, over connections that stay open, to another that handles them.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { cpuMicrosOf } from '../beside.mjs'
import { listen } from '../node-server.mjs'

const TYPE = 'application/octet-stream'
const BAD_GATEWAY = 502
const children = []

export async function serve() {
  const child = fork(fileURLToPath(new URL('../workers/serve-gateway.mjs', import.meta.url)))
  const [port] = await once(child, 'message')
  children.push(child)
  const agent = new Agent({ keepAlive: true, noDelay: true })
  const options = { agent, host: '127.0.0.1', port, method: 'POST', path: '/' }
  return await listen((body, send) => passOn(options, body, send))
}

export const cpuMicrosBeside = () => cpuMicrosOf(children)

function passOn(options, body, send) {
  const headers = { 'Content-Type': TYPE, 'Content-Length': body.length }
  const onward = request({ ...options, headers }, (answer) => {
    const chunks = []
    answer.on('data', (chunk) => chunks.push(chunk))
    answer.on('end', () => send(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks), answer.statusCode))
  })
  onward.on('error', () => send(Buffer.alloc(0), BAD_GATEWAY))
  onward.end(body)
}
