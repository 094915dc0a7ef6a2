// Requests of classes, and a handler that works: the same work for each, with `apart` on threads of their own for `batch`.
// The body `blocks batch` blocks its thread for as long as there is a file `closed`. Each answer says how many others were given
// between the request and it: how long it took, on a clock that stands still where the machine has no time for us.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { defineTopology, respond, serving } from '../../../dist/index.js'

const { FOLDER, PORT, OPTIONS = '{}', MAP = '{}' } = process.env
const { apart = false, rounds = 0 } = JSON.parse(MAP)
const BLOCK = Buffer.alloc(4_096, 'block')
const LOOK_MS = 5
const nothing = new Int32Array(new SharedArrayBuffer(4))

function work(message) {
  const text = message.text()
  const hash = createHash('sha256')
  for (let round = 0; round < rounds; round++) hash.update(BLOCK)
  while (text === 'blocks batch' && existsSync(join(FOLDER, 'closed'))) Atomics.wait(nothing, 0, 0, LOOK_MS)
  return `${hash.digest('hex').slice(0, 8)} ${text}`
}

const branches = [
  { name: 'batch', when: { or: ['batch'] }, handler: work, threads: 1 },
  { name: 'others', handler: work, threads: 1 },
]

let answered = 0
/** By client: how many were answered when it asked. Both are told on the source's thread. */
const asked = new Map()
const note = ({ headers }) => {
  asked.set(headers['x-client'], answered)
  return false
}
const behind = ({ headers }) => ({
  headers: { 'x-behind': String(answered++ - asked.get(headers['x-client'])) },
})

export default defineTopology({
  name: 'classes',
  source: serving({ port: Number(PORT), routes: [{ tag: 'noted', when: note }], ...JSON.parse(OPTIONS) }),
  map: apart ? { branches } : { handler: work, threads: 1 },
  sink: respond(behind),
})
