// One scene of a row: a folder with an input, the ledgers, and the lives of the process that work on it.

import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { check, conservationProblems } from './check.mjs'
import { Child } from './child.mjs'
import { Input } from './input.mjs'
import { readFileLedger, readLedger, sizeOf } from './ledger.mjs'

export class Scene {
  /** @param {{ folder: string, seed: number, count: number, keys?: number, bytes?: number }} options */
  constructor({ folder, ...options }) {
    mkdirSync(folder, { recursive: true })
    this.folder = folder
    this.seed = options.seed
    this.input = new Input(options)
    this.input.write(this.path('input.txt'))
    this.life = 0
    /** Sizes of the sink's file before each life: for a sink that writes nothing but the messages. @type {number[]} */
    this.sinkSizes = []
    /** @type {Set<Child>} */
    this.children = new Set()
  }

  path(name) {
    return join(this.folder, name)
  }

  /** Gives where the line after that at an offset starts. @type {(offset: number) => number} */
  afterOf = (offset) => offset + this.input.lineOf(this.input.idByOffset.get(offset) ?? 0).length + 1

  /** Starts the next life. @param {string} topology @param {object} [parameters] @param {object} [options] of the child */
  start(topology, parameters = {}, options = {}) {
    this.life++
    this.sinkSizes.push(this.sizeOf('sink'))
    const all = {
      folder: this.folder,
      life: this.life,
      seed: this.seed,
      count: this.input.count,
      ...parameters,
    }
    const child = new Child({ topology, parameters: all, ...options })
    this.children.add(child)
    return child
  }

  /** Starts the next life, and waits for its end. */
  async run(topology, parameters, options) {
    const child = this.start(topology, parameters, options)
    return child.ended
  }

  /** Ends all that it started. */
  async close() {
    for (const child of this.children) await child.end()
  }

  /** Lines of any other file of the folder. @returns {string[]} */
  linesOf(name) {
    return existsSync(this.path(name)) ? readFileSync(this.path(name), 'utf8').split('\n') : []
  }

  ledger(name) {
    return readLedger(this.path(`${name}.ledger`))
  }

  /** What the sink accepted, whether it wrote a ledger or a plain file. */
  sinkLedger() {
    const ledger = this.ledger('sink')
    return ledger.events.length > 0 ? ledger : readFileLedger(this.path('sink.ledger'), this.sinkSizes)
  }

  sizeOf(name) {
    return sizeOf(this.path(`${name}.ledger`))
  }

  /** Checks all ledgers. @param {Partial<import('./check.mjs').Facts> & { order: 'key' | 'source' | 'none' }} facts */
  check(facts) {
    const { events: sink, torn } = this.sinkLedger()
    const fallback = this.ledger('fallback').events
    const source = this.ledger('source').events
    return check({ input: this.input, sink, fallback, source, torn, ...facts })
  }
}

/** What is wrong with how a process ended. @param {import('./child.mjs').Ended} ended @param {number} code wanted */
export function endProblems(ended, code) {
  const problems = []
  if (ended.late) problems.push('it was still running at its time limit')
  if (ended.code !== code) {
    const last = ended.stderr.trim().split('\n').at(-1)
    problems.push(`exit code ${ended.code ?? ended.signal}, wanted ${code}: ${last}`)
  }
  if (ended.leftovers.length > 0) problems.push(`processes left over: ${ended.leftovers.join(', ')}`)
  if (code === 0 || ended.summary !== undefined) problems.push(...conservationProblems(ended.summary))
  return problems
}
