// One thread of a schedule: the built kernel (Runner, Cell, Inbound, Outbound, Doorbell) turns one small actor, and each access
// to shared memory waits for the explorer's permission. Loads nothing but the kernel that it is told to. The event loop is a
// list that is worked off here, so that a schedule begins and ends within one synchronous call.

import { parentPort, workerData } from 'node:worker_threads'
import { createActor } from './actors.mjs'
import { Aborted, Gate } from './gate.mjs'

const { self, threads, memories, kernel, states } = workerData
const [{ Runner }, { Pulse }, { LoopClock }, { Cell }, { Inbound }, { Outbound }, { Doorbell }, layout] =
  await Promise.all(
    ['runner', 'pulse', 'clock', 'cell', 'inbound', 'outbound', 'doorbell', 'layout'].map(
      (name) => import(`${kernel}/${name}.js`),
    ),
  )
const gate = new Gate(workerData)
const { role } = threads[self]
const pristine = role.cell.slice(0)
const loop = []

globalThis.setImmediate = (callback) => loop.push({ name: 'turn', callback })
globalThis.setInterval = () => undefined
globalThis.clearInterval = () => {}
gate.patchAtomics((callback) => loop.push({ name: 'woken', callback }))

parentPort.postMessage('ready')
for (;;) {
  gate.awaitStart()
  try {
    run()
  } catch (error) {
    if (!(error instanceof Aborted)) throw error
  }
  gate.finish(states.IDLE)
}

function run() {
  const { actor, parts } = create()
  loop.length = 0
  const runner = role.once ? undefined : startRunner(actor)
  if (role.once) setImmediate(() => publishOnce(actor))
  gate.close()
  try {
    while (loop.length > 0) {
      const { name, callback } = loop.shift()
      // Nothing is on the stack: what it goes on from is in these objects, however it came there.
      gate.restartHistory(stateOf([runner ?? {}, actor, ...parts]) + name)
      if (name === 'woken') gate.passWoken()
      callback()
    }
    throw new Error('the runner has neither a turn nor a wait ahead')
  } catch (error) {
    gate.failed(error)
  }
}

function startRunner(actor) {
  const failed = (_actor, error) => gate.failed(error)
  const clock = new LoopClock({ now: () => 0 })
  const runner = new Runner([actor], new Doorbell(memories[role.bell]), new Pulse(), clock, false, failed)
  runner.start()
  return runner
}

/** A turn of a thread that is busy elsewhere afterwards. */
function publishOnce(actor) {
  actor.step()
  actor.ring()
  gate.ended()
}

function create() {
  const bell = (index) => new Doorbell(memories[index])
  const mailbox = ({ memory, producerBell, consumerBell }) => ({
    memory: memories[memory],
    producerBell: bell(producerBell),
    consumerBell: bell(consumerBell),
  })
  const inbounds = role.inbounds.map((each) => new Inbound(mailbox(each)))
  const outbounds = role.outbounds.map((each) => new Outbound(mailbox(each)))
  const memory = new SharedArrayBuffer(pristine.byteLength)
  new Uint8Array(memory).set(new Uint8Array(pristine))
  const cell = new Cell(memory, inbounds, outbounds, 0)
  for (const { ring } of [...inbounds, ...outbounds]) {
    ring.words = gate.watch(ring.words, layout.MAILBOX_HEADER_BYTES)
    ring.doubles = gate.watch(ring.doubles, layout.MAILBOX_HEADER_BYTES)
  }
  const actor = createActor(role, { cell, inbounds, outbounds, report: gate.report })
  const step = actor.step.bind(actor)
  // The runner would go on for a while before it says that a step threw.
  actor.step = () => {
    try {
      return step()
    } catch (error) {
      return gate.failed(error)
    }
  }
  return { actor, parts: [cell, ...inbounds, ...outbounds] }
}

/** Gives all fields that are no objects, as text; lists of such ones too. */
function stateOf(objects) {
  const isPlain = (value) => typeof value !== 'object' && typeof value !== 'function'
  const kept = (value) => isPlain(value) || (Array.isArray(value) && value.every(isPlain))
  return JSON.stringify(objects.map((object) => Object.values(object).filter(kept)))
}
