import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StepBudget } from '../../../src/actors/step-budget.js'

const RUNS = Number(process.env.RUNS ?? 300)

/** Steps of user code that takes so long for each message, each as long as its budget lets it be. */
function budgetAfter(steps: number, messageMs: number, budget = new StepBudget(256)): number {
  for (let i = 0; i < steps; i++) budget.took(budget.messages * messageMs)
  return budget.messages
}

describe('the budget of a step', () => {
  it('is one message where a message takes longer than a step may', () => {
    expect(budgetAfter(20, 5)).toBe(1)
  })

  it('is the most where messages are fast, and comes back to it after slow ones', () => {
    expect(budgetAfter(20, 0.0005)).toBe(256)
    const budget = new StepBudget(256)
    expect(budgetAfter(20, 5, budget)).toBe(1)
    expect(budgetAfter(8, 0.0005, budget)).toBe(256)
  })

  it('makes a step about as long as another, whatever a message takes', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 10, noNaN: true }), (messageMs) => {
        const messages = budgetAfter(50, messageMs)
        expect(messages).toBeGreaterThanOrEqual(1)
        expect(messages).toBeLessThanOrEqual(256)
        if (messages > 1) expect(messages * messageMs).toBeLessThanOrEqual(1)
        if (messages < 256) expect(messages * messageMs).toBeGreaterThanOrEqual(0.25)
      }),
      { numRuns: RUNS },
    )
  })

  it('never leaves its bounds, however long steps take', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, noNaN: true })), fc.constantFrom(1, 4, 256), (times, most) => {
        const budget = new StepBudget(most)
        for (const ms of times) {
          budget.took(ms)
          expect(budget.messages).toBeGreaterThanOrEqual(1)
          expect(budget.messages).toBeLessThanOrEqual(most)
          expect(Number.isInteger(budget.messages)).toBe(true)
        }
      }),
      { numRuns: RUNS },
    )
  })
})
