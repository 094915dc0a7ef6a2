// kill −9 with asynchronous requests in every state: who was told that its request is accepted finds its result after a restart.

import { afterEach, expect, test } from 'vitest'
import { seeded } from '../../src/testing/seeded.js'
import { ServingProcess } from './support/serving-process.js'

const KILLS = 10
const TIMEOUT_MS = 120_000
const CLIENTS = 6
/** Who was accepted last is asked for. */
const LAST = 12
const OPTIONS = { durable: true, map: { concurrency: 4 } }

let served: ServingProcess | undefined
afterEach(() => served?.end())

/** Who was told what, over all lives: what the process is held to. */
class Promises {
  /** Body by id. */
  readonly accepted = new Map<string, string>()
  readonly completed = new Set<string>()
  sent = 0

  /** Sends one request after another, until the process is gone. */
  async client(to: ServingProcess): Promise<void> {
    for (;;) {
      const id = `order-${this.sent++}`
      // Every third stays in its handler, or in front of it, for as long as the gate is closed.
      const body = `${this.sent % 3 === 0 ? 'holds' : 'takes'} ${id}`
      const { status } = await to.post('async', body, { 'X-Numaflow-Id': id })
      if (status === undefined) return
      expect([200, 429, 503]).toContain(status)
      if (status === 200) this.accepted.set(id, body)
      // Each asks for one of the last: so some are known to be done when the process dies, and that is held against the next.
      await this.ask(to, [...this.accepted.keys()].at(-1 - (this.sent % LAST)))
    }
  }

  async ask(to: ServingProcess, id: string | undefined): Promise<boolean> {
    if (id === undefined) return false
    const { status, body } = await to.get(`fetch?id=${id}`)
    if (status === undefined) return false
    expect([id, status]).toEqual([id, 200])
    const isDone = body === `done ${this.accepted.get(id)}`
    if (!isDone) expect([id, body]).toEqual([id, expect.stringContaining('in-progress')])
    if (!isDone) expect(this.completed, 'a result that was there is gone').not.toContain(id)
    if (isDone) this.completed.add(id)
    return isDone
  }
}

/** In which states those were that had been accepted when it died. */
function statesOf(
  process: ServingProcess,
  { accepted }: Promises,
  isNew: (id: string) => boolean,
): Record<string, number> {
  const [begun, answered, kept] = ['begun', 'answered', 'kept'].map((step) => new Set(process.steps(step)))
  const states = { queued: 0, inHandler: 0, answered: 0, kept: 0 }
  for (const id of accepted.keys()) {
    if (!isNew(id)) continue
    if (kept.has(id)) states.kept++
    else if (answered.has(id)) states.answered++
    else if (begun.has(id)) states.inHandler++
    else states.queued++
  }
  return states
}

test(
  `${KILLS} kills: each accepted id is completed, each finished result is fetched again`,
  async () => {
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
    console.log(`SEED=${seed}`)
    const random = seeded(seed)
    const promises = new Promises()
    const total: Record<string, number> = {}
    for (let kill = 0; kill < KILLS; kill++) {
      const before = new Set(promises.accepted.keys())
      // Nothing is done again before it was asked for: what is there comes from the disk.
      served?.set('shut')
      const now: ServingProcess = await ServingProcess.begin({ ...OPTIONS, folder: served?.folder })
      served = now
      for (const id of [...promises.completed].slice(-50)) expect(await promises.ask(now, id)).toBe(true)
      now.unset('shut')
      // A gate in the handler, or one between the answer and its being safe.
      const gate = kill % 2 === 0 ? 'closed' : 'slow'
      const gateAt = Math.floor(random() * 20)
      const least = gateAt + 25 + Math.floor(random() * 20)
      const isNew = (id: string) => !before.has(id)
      const clients = Array.from({ length: CLIENTS }, () => promises.client(now))
      const count = () => promises.accepted.size - before.size
      await now.until(
        () => count() >= gateAt,
        () => `${gateAt} accepted`,
      )
      now.set(gate)
      await now.until(
        () => count() >= least,
        () => `${least} accepted`,
      )
      await now.kill('SIGKILL')
      await Promise.all(clients)
      for (const [state, n] of Object.entries(statesOf(now, promises, isNew)))
        total[state] = (total[state] ?? 0) + n
      now.unset(gate)
    }
    const last = await ServingProcess.begin({ ...OPTIONS, folder: served?.folder })
    served = last
    for (const id of promises.accepted.keys())
      await last.until(() => promises.ask(last, id), `${id} of seed ${seed}`)
    await last.untilStill()
    for (const state of ['queued', 'inHandler', 'answered', 'kept'])
      expect(total[state], state).toBeGreaterThan(0)
    expect(await last.kill('SIGTERM')).toMatchObject({ code: 0 })
  },
  TIMEOUT_MS,
)

test(
  'an accepted request that kills the process each time: after some lives it has failed, and the others are done',
  async () => {
    let folder: string | undefined
    const next = async (): Promise<ServingProcess> => {
      const life = await ServingProcess.begin({ ...OPTIONS, hasState: true, ...(folder && { folder }) })
      served = life
      folder = life.folder
      return life
    }
    const first = await next()
    first.set('shut')
    // The first four take all calls that there are: none of the others is begun in this life.
    const ids = ['a', 'b', 'c', 'd', 'poison', 'e', 'f']
    for (const id of ids) {
      const body = id === 'poison' ? 'aborts' : `takes ${id}`
      expect((await first.post('async', body, { 'X-Numaflow-Id': id })).status).toBe(200)
    }
    await first.kill('SIGKILL')
    first.unset('shut')
    let deaths = 0
    let last = await next()
    const isOver = async (life: ServingProcess) =>
      (await life.get('status?id=poison')).body.includes('"failed"')
    for (; ; last = await next()) {
      await last.until(async () => last.hasEnded || (await isOver(last)), 'its death, or that of the request')
      if (!last.hasEnded) break
      expect(last.child.signalCode).toBe('SIGABRT')
      deaths++
      expect(deaths, 'deaths of the process').toBeLessThan(8)
    }
    // Found by one or two of them, and then blamed for each.
    expect(deaths).toBeGreaterThanOrEqual(3)
    for (const id of ids.filter((each) => each !== 'poison'))
      await last.until(async () => (await last.get(`fetch?id=${id}`)).body === `done takes ${id}`, id)
    const { status, body } = await last.get('fetch?id=poison')
    expect([status, body]).toEqual([500, expect.stringContaining('poison')])
    await last.untilStill()
    expect(await last.kill('SIGTERM')).toMatchObject({ code: 0 })
    // Nor is it processed by a later one.
    expect((await (await next()).get('status?id=poison')).body).toContain('"failed"')
  },
  TIMEOUT_MS,
)
