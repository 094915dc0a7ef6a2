// A parent that starts a run again: when, how soon, how often, and what it gives its children. No process is real.

import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Ended, exitCodeOf, isCrash, runWithRestarts } from '../../../src/cli/restarts.js'
import { type FakeIo, fakeIo, settled } from './fake-io.js'

let temporary: string
beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'millrace-cli-restarts-'))
  vi.stubEnv('TMPDIR', temporary)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(temporary, { recursive: true })
})

class FakeChild extends EventEmitter {
  readonly signals: string[] = []
  kill(signal: string): boolean {
    this.signals.push(signal)
    return true
  }
}

class Family {
  readonly io: FakeIo
  readonly children: FakeChild[] = []
  readonly states: (string | undefined)[] = []
  readonly delaysMs: number[] = []
  readonly code: Promise<number>
  nowMs = 0

  constructor(restartsMax: number, env: Record<string, string> = {}) {
    const io = fakeIo({ env })
    this.io = {
      ...io,
      now: () => this.nowMs,
      after: (ms, call, keepsAlive) => {
        // Nothing else keeps the parent alive in a pause.
        expect(keepsAlive).toBe(true)
        this.delaysMs.push(ms)
        return io.after(ms, call, keepsAlive)
      },
    }
    this.code = runWithRestarts({
      args: ['topology.mjs', '--quiet'],
      restartsMax,
      io: this.io,
      start: (args, childEnv) => {
        expect(args).toEqual(['topology.mjs', '--quiet'])
        if (env.MILLRACE_STATE !== '') expect(childEnv).toMatchObject(env)
        this.states.push(childEnv.MILLRACE_STATE)
        this.children.push(new FakeChild())
        return this.children.at(-1) as unknown as ChildProcess
      },
    })
  }

  get child(): FakeChild {
    return this.children.at(-1) as FakeChild
  }

  /** The run ends, after so long; and, if there is a pause then, it passes. */
  async end(code: number | null, signal: NodeJS.Signals | null = null, afterMs = 0): Promise<void> {
    this.nowMs += afterMs
    this.child.emit('exit', code, signal)
    await settled()
  }

  async elapse(): Promise<void> {
    this.io.elapse()
    await settled()
  }
}

describe('how a run ended', () => {
  it.each<[Ended, boolean, number]>([
    [{ code: 0, signal: null }, false, 0],
    [{ code: 1, signal: null }, false, 1],
    [{ code: 2, signal: null }, false, 2],
    // Node's own codes: an error that nobody caught in its own way, heap exhaustion.
    [{ code: 7, signal: null }, true, 7],
    [{ code: 134, signal: null }, true, 134],
    [{ code: null, signal: 'SIGABRT' }, true, 134],
    [{ code: null, signal: 'SIGKILL' }, true, 137],
    [{ code: null, signal: 'SIGSEGV' }, true, 139],
    [{ code: null, signal: 'SIGTERM' }, true, 143],
  ])('%o: a crash: %s, exit code %i', (ended, crash, code) => {
    expect([isCrash(ended), exitCodeOf(ended)]).toEqual([crash, code])
  })
})

describe('a run', () => {
  it.each([0, 1, 2])('that ends by itself with %i is not started again', async (code) => {
    const family = new Family(5)
    await family.end(code)
    expect(await family.code).toBe(code)
    expect(family.children).toHaveLength(1)
    expect(family.io.err()).toBe('')
  })

  it('that crashes is started again, each time later, and given up in the end', async () => {
    const family = new Family(3)
    for (let i = 0; i < 3; i++) {
      await family.end(null, 'SIGKILL')
      expect(family.children).toHaveLength(i + 1)
      await family.elapse()
    }
    await family.end(134)
    expect(await family.code).toBe(134)
    expect(family.children).toHaveLength(4)
    expect(family.delaysMs).toEqual([100, 200, 400])
    expect(family.io.err().trimEnd().split('\n')).toEqual([
      'millrace: the run crashed by SIGKILL: started again in 100 ms (1 of 3)',
      'millrace: the run crashed by SIGKILL: started again in 200 ms (2 of 3)',
      'millrace: the run crashed by SIGKILL: started again in 400 ms (3 of 3)',
      'millrace: the run crashed with exit code 134, and has been started again 3 times: given up',
    ])
  })

  it('that crashes waits for half a minute at most', async () => {
    const family = new Family(20)
    for (let i = 0; i < 12; i++) {
      await family.end(null, 'SIGKILL')
      await family.elapse()
    }
    expect(family.delaysMs.slice(-4)).toEqual([25_600, 30_000, 30_000, 30_000])
    await family.end(0)
    expect(await family.code).toBe(0)
  })

  it('that lasted for a minute starts the count anew', async () => {
    const family = new Family(1)
    for (let i = 0; i < 5; i++) {
      await family.end(null, 'SIGKILL', 60_000)
      await family.elapse()
    }
    expect(family.delaysMs).toEqual([100, 100, 100, 100, 100])
    await family.end(null, 'SIGKILL', 59_999)
    expect(await family.code).toBe(137)
  })

  it('that cannot be started at all is an error', async () => {
    const family = new Family(5)
    family.child.emit('error', new Error('spawn EAGAIN'))
    await expect(family.code).rejects.toThrow('spawn EAGAIN')
    expect(readdirSync(temporary)).toEqual([])
  })
})

describe('a signal', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s is passed on, and nothing is started after it',
    async (signal) => {
      const family = new Family(5)
      family.io.signal(signal)
      family.io.signal(signal)
      expect(family.child.signals).toEqual([signal, signal])
      await family.end(null, 'SIGKILL')
      expect(await family.code).toBe(137)
      expect(family.children).toHaveLength(1)
      expect(family.io.err()).toBe('')
    },
  )

  it('in a pause ends it at once, with the code of the last run', async () => {
    const family = new Family(5)
    await family.end(null, 'SIGSEGV')
    family.io.signal('SIGTERM')
    expect(await family.code).toBe(139)
    expect(family.children).toHaveLength(1)
    expect(family.children[0].signals).toEqual([])
  })

  it('afterwards does nothing', async () => {
    const family = new Family(5)
    await family.end(0)
    await family.code
    family.io.signal('SIGTERM')
    expect(family.child.signals).toEqual([])
  })
})

describe('the directory for notes', () => {
  it('is the same for all runs, and removed at the end', async () => {
    const family = new Family(5)
    const [state] = family.states as [string]
    expect(existsSync(state)).toBe(true)
    writeFileSync(join(state, 'note'), '')
    await family.end(null, 'SIGKILL')
    await family.elapse()
    expect(family.states).toEqual([state, state])
    expect(existsSync(join(state, 'note'))).toBe(true)
    await family.end(0)
    await family.code
    expect(readdirSync(temporary)).toEqual([])
  })

  it('that is set to nothing is not given', async () => {
    const family = new Family(5, { MILLRACE_STATE: '' })
    const [state] = family.states as [string]
    expect(existsSync(state)).toBe(true)
    await family.end(0)
    await family.code
    expect(readdirSync(temporary)).toEqual([])
  })

  it('that is given is used, and left alone', async () => {
    const state = join(temporary, 'mine')
    const family = new Family(5, { MILLRACE_STATE: state })
    expect(family.states).toEqual([state])
    await family.end(0)
    await family.code
    // Whoever gave it makes it, in the run.
    expect(readdirSync(temporary)).toEqual([])
    writeFileSync(state, '')
    const second = new Family(5, { MILLRACE_STATE: state })
    await second.end(0)
    await second.code
    expect(readdirSync(temporary)).toEqual(['mine'])
  })
})
