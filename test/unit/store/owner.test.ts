// A directory has one process at a time; the others here are real ones.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { own } from '../../../dist/store/owner.js'

const OWNER = new URL('../../../dist/store/owner.js', import.meta.url).href
const HOLD = `
  const { own } = await import(${JSON.stringify(OWNER)})
  const owned = own(process.argv[1])
  console.log('heldBy' in owned ? 'held' : 'owned')
  setInterval(() => {}, 1_000)`

let directory: string
const children: ChildProcess[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-owner-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child)
  rmSync(directory, { recursive: true })
})

/** Starts a process that takes the directory and keeps it, and gives what it was told. */
async function other(): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLD, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const said = await new Promise<string>((resolve) =>
    child.stdout?.once('data', (text) => resolve(String(text).trim())),
  )
  return { child, said }
}

function kill(child: ChildProcess): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once('exit', () => resolve())
  })
  child.kill('SIGKILL')
  return ended
}

describe('a directory', () => {
  it('is owned until it is released, and then nothing is left in it', () => {
    const owned = own(directory)
    expect(owned).toHaveProperty('release')
    expect(readdirSync(directory)).toHaveLength(1)
    if ('release' in owned) owned.release()
    expect(readdirSync(directory)).toEqual([])
  })

  it('is refused while another process has it, and free when that was killed', async () => {
    const { child, said } = await other()
    expect(said).toBe('owned')
    expect(own(directory)).toMatchObject({ heldBy: child.pid, file: expect.stringContaining(directory) })
    expect(readdirSync(directory)).toHaveLength(1)
    await kill(child)
    expect(own(directory)).toHaveProperty('release')
    expect(readdirSync(directory)).toHaveLength(1)
  })

  it('is refused to another process while this one has it, and may be taken by this one again', async () => {
    expect(own(directory)).toHaveProperty('release')
    expect(own(directory)).toHaveProperty('release')
    expect((await other()).said).toBe('held')
  })

  it('is free where a process with the same number was another one', () => {
    const parent = `owner-${process.ppid}-0123456789`
    writeFileSync(join(directory, parent), '')
    expect(own(directory)).toHaveProperty('release')
    expect(readdirSync(directory)).not.toContain(parent)
  })

  it('has one owner at most, however many come at once', async () => {
    const said = (await Promise.all(Array.from({ length: 6 }, other))).map((each) => each.said)
    expect(said.filter((text) => text === 'owned').length).toBeLessThanOrEqual(1)
  })
})
