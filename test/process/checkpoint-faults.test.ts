// Faults of the disk under a checkpoint: a store that is torn or flipped, a full disk, a commit that fails.
// CHECKPOINT_OFFSETS says at how many places the store is spoiled, CHECKPOINT_SEED which they are.

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore, type Store } from '../../dist/store/store.js'
import { createLog } from '../../src/kernel/log.js'
import { MAIN, ROOT } from '../support/child.js'

const OFFSETS = Number(process.env.CHECKPOINT_OFFSETS ?? 20)
const SEED = Number(process.env.CHECKPOINT_SEED ?? Date.now() & 0x7fffffff)
const HISTORY = 60

let folder: string
const told: string[] = []
const log = createLog(({ message }) => told.push(message), 'test', 'test')

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-faults-'))
  told.length = 0
})
afterEach(() => rmSync(folder, { recursive: true }))

function opened(directory: string): Promise<Store> {
  return openStore({ directory, name: 'test', ifLost: 'all is lost', log })
}

function numberIn(store: Store): number {
  return Number(Buffer.from(store.entries.get('position') ?? '0').toString())
}

function put(store: Store, position: number): Promise<void> {
  return store.put([['position', Buffer.from(String(position))]])
}

/** A generator of whole numbers below a limit, from a seed. */
function randomOf(seed: number): (limit: number) => number {
  let state = seed >>> 0
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

/** Cuts it off, flips a bit, or writes over some bytes. */
function spoiled(bytes: Buffer, kind: number, random: (limit: number) => number): Buffer {
  const at = random(bytes.length)
  if (kind === 0) return bytes.subarray(0, at)
  const copy = Buffer.from(bytes)
  if (kind === 1) copy[at] ^= 1 << random(8)
  else for (let i = at; i < Math.min(at + 64, copy.length); i++) copy[i] = random(256)
  return copy
}

describe('a store after an unclean end', () => {
  it(`that is torn or flipped at ${OFFSETS} places opens with what it held once, or moves the file aside`, {
    timeout: 30_000 + 5_000 * OFFSETS,
  }, async () => {
    console.info(`torn store: CHECKPOINT_OFFSETS=${OFFSETS} CHECKPOINT_SEED=${SEED}`)
    const origin = join(folder, 'origin')
    const store = await opened(origin)
    for (let position = 1; position <= HISTORY; position++) await put(store, position)
    const bytes = readFileSync(join(origin, 'store.mdb'))
    await store.close()
    const random = randomOf(SEED)
    const outcomes: Record<string, number> = {}
    for (let i = 0; i < OFFSETS; i++) {
      const outcome = await openSpoiled(spoiled(bytes, i % 3, random), `case ${i}`)
      const name = `${['cut', 'bit', 'bytes'][i % 3]}: ${outcome}`
      outcomes[name] = (outcomes[name] ?? 0) + 1
    }
    console.info('torn store:', outcomes)
    expect(Object.values(outcomes).reduce((sum, count) => sum + count)).toBe(OFFSETS)
  })

  async function openSpoiled(bytes: Buffer, name: string): Promise<string> {
    const directory = join(folder, 'spoiled')
    mkdirSync(directory)
    writeFileSync(join(directory, 'store.mdb'), bytes)
    told.length = 0
    const store = await opened(directory)
    const found = numberIn(store)
    const aside = readdirSync(directory).filter((each) => each.includes('.corrupt-')).length
    expect(found, name).toBeGreaterThanOrEqual(0)
    expect(found, name).toBeLessThanOrEqual(HISTORY)
    expect(told.length, name).toBe(aside)
    // Nothing is not silence, but for a file that is empty, as a new one is.
    if (found === 0 && aside === 0) expect(bytes.length, name).toBe(0)
    await putAtLast(store, HISTORY + 1)
    await store.close()
    const again = await opened(directory)
    expect(numberIn(again), name).toBe(HISTORY + 1)
    await again.close()
    const asideAtLast = readdirSync(directory).filter((each) => each.includes('.corrupt-')).length
    rmSync(directory, { recursive: true })
    return `${found === 0 ? 'nothing' : found === HISTORY ? 'the last' : 'an older one'}, ${asideAtLast} aside`
  }

  /** A commit may still crash its process: it is tried again, as a checkpoint does it. */
  async function putAtLast(store: Store, position: number): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await put(store, position)
      } catch (error) {
        if (tries === 5) throw error
      }
    }
  }
})

describe('a full disk', () => {
  const directory = () => join(folder, 'small')
  const isMounted = () =>
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory()]).status === 0

  it('makes a put fail, and not the next one when there is room', async ({ skip }) => {
    mkdirSync(directory())
    if (!isMounted()) return skip('NOT RUN: a file system of 1 MB cannot be mounted here')
    try {
      const store = await opened(join(directory(), 'store'))
      await put(store, 1)
      const filler = join(directory(), 'filler')
      expect(() => {
        for (;;) appendFileSync(filler, Buffer.alloc(4_096))
      }).toThrow('ENOSPC')
      const large = () => store.put([['large', Buffer.alloc(100_000)]])
      await expect(large()).rejects.toMatchObject({ kind: 'failed' })
      await expect(large()).rejects.toMatchObject({ kind: 'failed' })
      await expect(opened(join(directory(), 'another'))).rejects.toMatchObject({ code: 'ERR_OPEN' })
      rmSync(filler)
      await large()
      await put(store, 2)
      await store.close()
      const again = await opened(join(directory(), 'store'))
      expect([numberIn(again), again.entries.get('large')?.length]).toEqual([2, 100_000])
      await again.close()
      expect(told).toEqual([])
    } finally {
      execFileSync('umount', [directory()])
    }
  })
})

const hasStrace = spawnSync('strace', ['-V']).status === 0

describe.skipIf(!hasStrace)('a commit that fails (NOT RUN without strace)', () => {
  type Ended = { code: number | null; stderr: string }

  /** Runs 20,000 lines, with the host's fdatasync failing at some of its calls. */
  function run(
    inject: string | undefined,
    onText: (text: string, stop: () => void) => void = () => {},
  ): Promise<Ended> {
    const command = [process.execPath, MAIN, 'run', 'test/process/fixtures/checkpoint.mjs']
    const strace = [
      'strace',
      '-f',
      '-qqq',
      '-o',
      join(folder, 'strace.txt'),
      '-e',
      'trace=fdatasync',
      '-e',
      `inject=fdatasync:error=EIO:when=${inject}`,
    ]
    const [file, ...args] = inject === undefined ? command : [...strace, ...command]
    const env = { ...process.env, FOLDER: folder, GRACE_MS: '500' }
    const child = spawn(file, args, { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'pipe'] })
    let stderr = ''
    return new Promise((resolve) => {
      child.stderr.on('data', (text) => {
        stderr += text
        onText(stderr, () => terminate(child.pid as number))
      })
      child.on('close', (code) => resolve({ code, stderr }))
    })
  }

  /** strace keeps signals to itself: they are for what it runs. */
  function terminate(strace: number): void {
    const [pid] = readFileSync(`/proc/${strace}/task/${strace}/children`, 'latin1').trim().split(' ')
    process.kill(Number(pid), 'SIGTERM')
  }

  function written(): string[] {
    return readFileSync(join(folder, 'out.txt'), 'utf8').trimEnd().split('\n')
  }

  const lines = Array.from({ length: 20_000 }, (_, i) => String(i).padStart(6, '0'))

  it('is said, tried again, and then all goes on', async () => {
    writeFileSync(join(folder, 'in.txt'), lines.join('\n'))
    const { code, stderr } = await run('3..5')
    expect(stderr).toMatch(
      /the position cannot be saved: Input\/output error: see to the disk; nothing more is acked/,
    )
    expect(stderr).toMatch(/the position is saved again/)
    expect(code).toBe(0)
    expect(written()).toEqual(lines)
    expect((await run(undefined)).code).toBe(0)
    expect(written()).toEqual(lines)
  })

  it('and fails for good holds up the end: nothing is acked, and it comes again in the next run', async () => {
    writeFileSync(join(folder, 'in.txt'), lines.join('\n'))
    let isStopped = false
    const { code, stderr } = await run('3+', (text, stop) => {
      if (!isStopped && text.includes('the position cannot be saved')) {
        isStopped = true
        stop()
      }
    })
    expect(code).toBe(1)
    expect(stderr).toMatch(/ERR_DRAIN|the position could not be saved/)
    const first = written()
    expect(first).toEqual(lines.slice(0, first.length))
    expect((await run(undefined)).code).toBe(0)
    // What was never durable is read again, from the start.
    expect(written().slice(first.length)).toEqual(lines)
  })
})
