// What a row has come to: sums over its scenes, and all problems.

import { endProblems } from './scene.mjs'

/**
 * @typedef {object} Outcome
 * @property {string} [notRun] why it could not be run
 * @property {number} runs processes that were started
 * @property {number} faults that were injected
 * @property {number} messages
 * @property {number} lost
 * @property {number} duplicates
 * @property {string} bound of the duplicates
 * @property {number[]} recoveriesMs
 * @property {string[]} notes
 * @property {string[]} problems
 */

export class Account {
  /** @param {string} bound of the duplicates, in words */
  constructor(bound = '0') {
    /** @type {Outcome} */
    this.outcome = {
      runs: 0,
      faults: 0,
      messages: 0,
      lost: 0,
      duplicates: 0,
      bound,
      recoveriesMs: [],
      notes: [],
      problems: [],
    }
  }

  /** Adds a scene that has come to its end. @param {import('./scene.mjs').Scene} scene @param {string} label */
  addScene(scene, label, facts) {
    const verdict = scene.check(facts)
    const { outcome } = this
    outcome.runs += scene.life
    outcome.messages += scene.input.count
    outcome.lost += verdict.lost + verdict.missing
    outcome.duplicates += verdict.duplicates
    this.expect(label, verdict.problems)
    return verdict
  }

  /** Adds how a process ended. */
  addEnd(label, ended, code) {
    this.expect(label, endProblems(ended, code))
  }

  fault(count = 1) {
    this.outcome.faults += count
  }

  recovered(ms) {
    this.outcome.recoveriesMs.push(ms)
  }

  note(text) {
    this.outcome.notes.push(text)
  }

  /** @param {string} label @param {string[]} problems */
  expect(label, problems) {
    this.outcome.problems.push(...problems.map((problem) => `${label}: ${problem}`))
  }

  /** Notes a problem unless it holds. */
  assert(label, holds, problem) {
    if (!holds) this.expect(label, [problem])
  }
}
