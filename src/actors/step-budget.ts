// How much an actor may begin in one step, so that a step of slow user code is about as long as one of fast user code:
// the loop stays alive (W3), and what is done is committed soon.

/** A step that took longer halves the budget; one that took a quarter of it doubles it. */
const STEP_MS = 1

export class StepBudget {
  /** Messages that the next step may begin. */
  messages: number
  private readonly most: number

  constructor(most: number) {
    this.most = most
    this.messages = most
  }

  /** Tells how long the last step took. */
  took(ms: number): void {
    if (ms > STEP_MS) this.messages = Math.max(1, this.messages >> 1)
    else if (ms < STEP_MS / 4 && this.messages < this.most) this.messages *= 2
  }
}
