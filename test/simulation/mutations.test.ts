// The simulation, tested: what is built is broken in one place, and some seed must find it. Each mutant is a copy of dist with a text replaced.

import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from '../support/child.js'
import { type Edit, MUTANTS, type Mutant } from './mutants.js'

/** The same each time: that a mutant is caught by every seed's runs cannot be promised. */
const SEED = Number(process.env.SEED ?? 1)
/** Runs within which a mutant must be caught. */
const RUNS = 3_000
/** A run that takes longer hangs; the first one may take as long as a process needs to start on a machine that is busy. */
const SILENCE_MS = 5_000
const START_MS = 20_000

type Caught = { runs: number; seed: number; error: string }
type Report = { runs: number; failures: readonly { seed: number; error: string }[] }

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-mutants-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Makes a copy of what is built, with edits. */
function build(name: string, edits: readonly Edit[]): string {
  const copy = join(folder, name)
  mkdirSync(join(copy, 'test'), { recursive: true })
  cpSync(`${ROOT}dist`, join(copy, 'dist'), { recursive: true })
  cpSync(`${ROOT}test/simulation/main.mjs`, join(copy, 'test/simulation/main.mjs'))
  cpSync(`${ROOT}package.json`, join(copy, 'package.json'))
  symlinkSync(`${ROOT}node_modules`, join(copy, 'node_modules'))
  for (const { file, find, replace } of edits) {
    const path = join(copy, 'dist', file)
    const parts = readFileSync(path, 'utf8').split(find)
    expect(parts.length - 1, `how often ${file} has ${JSON.stringify(find)}`).toBe(1)
    writeFileSync(path, parts.join(replace))
  }
  return copy
}

/** Plays a mutant until some seed fails, and sees that the sound one does not fail for it. */
async function play(number: number, { edits, setting }: Mutant): Promise<Caught | undefined> {
  const broken = build(`mutant-${number}`, [...setting, ...edits])
  const caught = await simulate(broken, SEED, RUNS)
  rmSync(broken, { recursive: true })
  if (caught === undefined) return undefined
  const sound = build(`sound-${number}`, setting)
  const same = await simulate(sound, caught.seed, 1)
  rmSync(sound, { recursive: true })
  if (same !== undefined) throw new Error(`--seed ${caught.seed} fails without the mutation: ${same.error}`)
  return caught
}

/** Plays a copy until some seed fails; one that hangs is a failure, too. */
function simulate(copy: string, seed: number, count: number): Promise<Caught | undefined> {
  const main = join(copy, 'test/simulation/main.mjs')
  const args = ['--json', '--verbose', '--failures', '1', '--seed', String(seed), '--runs', String(count)]
  const child = spawn(process.execPath, [main, ...args])
  const kill = () => child.kill('SIGKILL')
  let timer = setTimeout(kill, START_MS)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    clearTimeout(timer)
    timer = setTimeout(kill, SILENCE_MS)
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (_, signal) => {
      clearTimeout(timer)
      const seeds = stderr.trim().split('\n')
      if (signal !== null) resolve({ runs: seeds.length, seed: Number(seeds.at(-1)), error: 'it hangs' })
      else if (stdout.trim() === '') reject(new Error(`no report: ${stderr}`))
      else {
        const { runs, failures } = JSON.parse(stdout) as Report
        resolve(failures[0] && { runs, ...failures[0] })
      }
    })
  })
}

/** No more than two at once. */
class Turns {
  private readonly lanes: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()]
  private next = 0

  run<T>(work: () => Promise<T>): Promise<T> {
    const lane = this.next++ % this.lanes.length
    const result = this.lanes[lane].then(work)
    this.lanes[lane] = result.catch(() => {})
    return result
  }
}

describe(`mutants (seed ${SEED})`, () => {
  const turns = new Turns()
  const caught = new Map<Mutant, Promise<Caught | undefined>>()
  beforeAll(() => {
    MUTANTS.forEach((mutant, number) => {
      const played = turns.run(() => play(number, mutant))
      // Each case looks at its own.
      played.catch(() => {})
      caught.set(mutant, played)
    })
  })

  for (const mutant of MUTANTS) {
    it(mutant.name, { timeout: 600_000 }, async () => {
      const found = await caught.get(mutant)
      expect(found, `nothing was seen in ${RUNS} runs`).toBeDefined()
      const { runs, seed, error } = found as Caught
      console.info(`caught in run ${runs}, --seed ${seed}: ${mutant.name}: ${error.slice(0, 120)}`)
    })
  }
})
