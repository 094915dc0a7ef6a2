// Requests that are not given to the topology yet: one list for each class, from which they leave by weight. Behind it all stand
// in one line, so it gives no more at once than keep the handlers busy: what waits here can be overtaken, what was given cannot.
// Deficit round robin: in its turn a class gives as many as its weight says, in units of the smallest; each step is O(1).

import type { ConcurrencyLimit } from './concurrency-limit.js'

/** The window, and what it learns from. */
export type Window = Pick<ConcurrencyLimit, 'limit' | 'observe'>

type Line<T> = { readonly quantum: number; credit: number; items: T[]; head: number }

/** Items that left a list stay in it until they are so many, and the half of it. */
const SLACK = 64

export class FairQueue<T> {
  /** How many wait. */
  size = 0
  /** How many were given and are not done. */
  given = 0
  private readonly lines: readonly Line<T>[]
  private readonly window: Window
  /** The lines in which somebody waits; the first has the turn. */
  private readonly turns: Line<T>[] = []

  /** `weights`: above 0, one for each class. */
  constructor(weights: readonly number[], window: Window) {
    const unit = Math.min(...weights)
    this.lines = weights.map((weight) => ({ quantum: weight / unit, credit: 0, items: [], head: 0 }))
    this.window = window
  }

  /** `at`: the number of the class. How many may wait is said before, by who lets them in. */
  push(at: number, item: T): void {
    const line = this.lines[at]
    if (line.items.length === line.head) this.turns.push(line)
    line.items.push(item)
    this.size++
  }

  /** Gives the next one; undefined where nobody waits, or the window is full. */
  next(): T | undefined {
    if (this.size === 0 || this.given >= this.window.limit) return undefined
    const [line] = this.turns
    if (line.credit < 1) line.credit += line.quantum
    this.size--
    this.given++
    return this.take(line)
  }

  /** One that was given needs its place no more; NaN: how long it took says nothing. */
  done(latencyMs: number): void {
    this.window.observe(latencyMs, this.given)
    this.given--
  }

  private take(line: Line<T>): T {
    const item = line.items[line.head++]
    line.credit--
    const isEmpty = line.head === line.items.length
    // Who has nobody waiting saves no turns up.
    if (isEmpty) line.credit = 0
    if (line.credit < 1) {
      this.turns.shift()
      if (!isEmpty) this.turns.push(line)
    }
    if (isEmpty || (line.head >= SLACK && line.head * 2 >= line.items.length)) {
      line.items = line.items.slice(line.head)
      line.head = 0
    }
    return item
  }
}
