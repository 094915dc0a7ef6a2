// F17: the disk of the checkpoint fails. Full at the start: exit code 2, which says so. Writes or syncs that fail for a while: acks
// wait, an error says so, and all goes on when they work again.

import { join } from 'node:path'
import { hasCheckpoint } from '../features.mjs'
import { NotRun } from '../row.mjs'

/** @type {import('../row.mjs').Row} */
export const diskFull = {
  id: 'F17-full',
  name: "checkpoint's disk full at the start",
  needs: ['tmpfs'],
  async run({ scene }, account) {
    if (!(await hasCheckpoint())) throw new NotRun('lines has no checkpoint yet')
    const stage = scene('full', { count: 100 })
    const disk = stage.path('checkpoint')
    // The mount is seen by this process only, and goes away with it.
    const script = `mkdir -p ${disk} && mount -t tmpfs -o size=64k none ${disk} && { head -c 65536 /dev/zero > ${disk}/filler || true; } && exec "$0" "$@"`
    const under = ['unshare', '-rm', 'sh', '-c', script]
    const ended = await stage.run('load', { order: 'key', checkpoint: true }, { under, timeoutMs: 30_000 })
    account.fault()
    account.outcome.runs++
    account.assert('full', !ended.late, 'it hung')
    account.assert('full', ended.code === 2, `exit code ${ended.code ?? ended.signal}, wanted 2`)
    const says = /^ERR_OPEN .*checkpoint.*(full|ENOSPC|no space)/im
    account.assert('full', says.test(ended.stderr), `did not say ${says}: ${ended.stderr.trim().slice(-300)}`)
    account.assert(
      'full',
      stage.ledger('sink').events.every(({ word }) => word !== 'at'),
      'messages were accepted',
    )
  },
}

const FAILURES = [
  { name: 'writes fail: no space', call: 'pwrite64', error: 'ENOSPC' },
  { name: 'syncs fail', call: 'fdatasync', error: 'EIO' },
]

/** @type {import('../row.mjs').Row} */
export const diskFails = {
  id: 'F17-writes',
  name: "checkpoint's writes or syncs fail for a while",
  needs: ['strace'],
  async run({ scene, pick }, account) {
    if (!(await hasCheckpoint())) throw new NotRun('lines has no checkpoint yet')
    for (const { name, call, error } of FAILURES) {
      const stage = scene(call, { count: pick(6_000, 50_000) })
      const inject = `inject=${call}:error=${error}:when=${pick('20..30', '20..60')}`
      const under = [
        'strace',
        '-f',
        '-qq',
        '-o',
        stage.path('strace'),
        '--seccomp-bpf',
        // Only what concerns the store: other files of the process are not its disk.
        '-P',
        join(stage.path('checkpoint'), 'store.mdb'),
        '-e',
        `trace=${call}`,
        '-e',
        inject,
      ]
      const ended = await stage.run(
        'load',
        { order: 'key', checkpoint: true, rate: 3_000 },
        { under, timeoutMs: 120_000 },
      )
      account.addEnd(name, ended, 0)
      account.addScene(stage, name, { order: 'key', isComplete: true })
      const failures = injected(stage)
      account.fault(failures)
      account.note(`${name}: ${failures} calls failed`)
      account.assert(name, failures > 0, 'no call failed')
      account.assert(
        name,
        /checkpoint/i.test(ended.stderr) && ended.stderr.split('\n').length > 2,
        `nothing was said: ${ended.stderr.slice(0, 300)}`,
      )
      account.recovered(longestWait(stage))
    }
  },
}

function injected(stage) {
  return stage.linesOf('strace').filter((line) => line.includes('(INJECTED)')).length
}

/** Between two acks that were made durable. */
function longestWait(stage) {
  const times = stage
    .ledger('source')
    .events.filter(({ word }) => word === 'D')
    .map(({ ms }) => ms)
  return Math.max(0, ...times.slice(1).map((ms, i) => ms - times[i]))
}
