// The calls of user code in a world whose promises are pending. The actor is told when the scheduler says so, unless its thread has died
// by then: so promises settle in any order, early or late, and the same in every run of a seed.

import type { Random } from '../kernel/clock.js'
import { within } from './deadline.js'
import type { WorldThread } from './world-thread.js'

type Call = {
  thread: WorldThread
  /** When the actor is told; undefined while user code has not settled. */
  dueMs: number | undefined
  tell: () => void
  settled: Promise<unknown>
}

export type CallsOptions = {
  random: Random
  now: () => number
  /** How long a call takes, in virtual ms. */
  delayMs: () => number
  /** How long user code may really take before it counts as never settling. */
  realMsMax: number
}

const SOON_MS = 3

export class Calls {
  private readonly options: CallsOptions
  private calls: Call[] = []

  constructor(options: CallsOptions) {
    this.options = options
  }

  get size(): number {
    return this.calls.length
  }

  /** A promise that settles as the given one does, when the scheduler tells the thread; `told` is called just before. */
  gate<Value>(thread: WorldThread, promise: PromiseLike<Value>, told: () => void = () => {}): Promise<Value> {
    return new Promise((resolve, reject) => {
      const call: Call = {
        thread,
        dueMs: undefined,
        tell: () => {},
        settled: Promise.resolve(),
      }
      const settle = (tell: () => void) => {
        call.dueMs = this.options.now() + this.options.delayMs()
        call.tell = () => {
          told()
          tell()
        }
      }
      call.settled = Promise.resolve(promise).then(
        (value) => settle(() => resolve(value)),
        (error) => settle(() => reject(error)),
      )
      this.calls.push(call)
    })
  }

  /** The same for a value that is there already. */
  later<Value>(thread: WorldThread, value: Value): Promise<Value> {
    return new Promise((resolve) => this.push(thread, this.options.delayMs(), () => resolve(value)))
  }

  /** Does something some time soon, unless the thread dies first. */
  act(thread: WorldThread, act: () => void): void {
    this.push(thread, this.options.random() * SOON_MS, act)
  }

  /** How many may be told now. */
  countDue(): number {
    let count = 0
    for (const call of this.calls) if (this.isDue(call)) count++
    return count
  }

  /** Tells the `nth` of those that are due; gives the thread that was told. */
  tell(nth: number): WorldThread {
    const call = this.calls.filter((each) => this.isDue(each))[nth]
    this.calls.splice(this.calls.indexOf(call), 1)
    call.tell()
    return call.thread
  }

  /** When the next is due, as it looks now. */
  get nextMs(): number {
    let nextMs = Number.POSITIVE_INFINITY
    for (const { dueMs } of this.calls) if (dueMs !== undefined) nextMs = Math.min(nextMs, dueMs)
    return nextMs
  }

  /** A dead thread's promises never settle. */
  forget(thread: WorldThread): void {
    this.calls = this.calls.filter((call) => call.thread !== thread)
  }

  /** Waits until user code has settled all its promises: what is told when is up to the scheduler, not to them. */
  async settled(): Promise<void> {
    for (const call of [...this.calls]) {
      if (call.dueMs !== undefined) continue
      await within(call.settled, this.options.realMsMax, () => {
        call.dueMs ??= Number.POSITIVE_INFINITY
      })
    }
  }

  private push(thread: WorldThread, delayMs: number, tell: () => void): void {
    const dueMs = this.options.now() + delayMs
    this.calls.push({ thread, dueMs, tell, settled: Promise.resolve() })
  }

  private isDue({ dueMs, thread }: Call): boolean {
    return dueMs !== undefined && dueMs <= this.options.now() && thread.isYielding
  }
}
