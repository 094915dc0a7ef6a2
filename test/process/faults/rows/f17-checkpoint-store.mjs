// F17: the checkpoint's store is torn or has changed bytes after a kill: the next start copes, loses nothing, and does not die of it.

import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasCheckpoint } from '../features.mjs'
import { killMoment } from '../kill-moments.mjs'
import { NotRun } from '../row.mjs'

/** @type {import('../row.mjs').Row} */
export const storeDamaged = {
  id: 'F17-damage',
  name: 'checkpoint store torn or corrupt',
  bound: 'all that was read',
  async run({ scene, random, pick }, account) {
    if (!(await hasCheckpoint())) throw new NotRun('lines has no checkpoint yet')
    const damages = pick(6, 100)
    for (let round = 0; account.outcome.faults < damages; round++) {
      const stage = scene(`${round}`, { count: 20_000 })
      let kills = 0
      const told = []
      for (;;) {
        const child = stage.start('load', { order: 'key', checkpoint: true, rate: 30_000 })
        const mayKill = kills < Math.min(8, damages)
        if (mayKill && (await killMoment(stage, child, random, 200_000))) child.signal('SIGKILL')
        const ended = await child.ended
        if (ended.signal !== 'SIGKILL' || ended.late) {
          account.addEnd(`round ${round}, after ${told.at(-1) ?? 'nothing'}`, ended, 0)
          break
        }
        kills++
        const done = damage(stage.path('checkpoint'), random)
        if (done !== undefined) {
          told.push(done)
          account.fault()
        }
      }
      account.addScene(stage, `round ${round}`, {
        order: 'key',
        isComplete: true,
        tornMax: kills,
        mayRepeat: ({ life, before }) => life > before.life,
      })
    }
  },
}

/** Cuts a file of the store, or changes bytes of it. Gives what it did. */
function damage(directory, random) {
  const files = filesIn(directory).filter((path) => statSync(path).size > 0)
  if (files.length === 0) return undefined
  const path = random.pick(files)
  const { size } = statSync(path)
  if (random.next() < 0.4) {
    const kept = random.between(0, size - 1)
    truncateSync(path, kept)
    return `${path} was cut from ${size} to ${kept} bytes`
  }
  const bytes = readFileSync(path)
  const at = random.pick([random.between(0, size - 1), random.between(0, Math.min(size, 16_384) - 1)])
  const count = random.between(1, 64)
  for (let i = at; i < Math.min(size, at + count); i++) bytes[i] ^= random.between(1, 255)
  writeFileSync(path, bytes)
  return `${count} bytes at ${at} of ${path} were changed`
}

function filesIn(directory) {
  try {
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  } catch {
    return []
  }
}
