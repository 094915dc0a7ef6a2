// The one wait of a source's `read`: ends after a time, or when something happens before.

/** Timers overflow beyond 2^31 ms: whoever waits longer looks again in between. */
const WAIT_MS_MAX = 60_000

export class Waiter {
  #end: (() => void) | undefined

  /** Resolves after `ms`, or at `wake`; Infinity waits for `wake` only. One at a time. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        this.#end = undefined
        resolve()
      }
      const timer =
        ms === Infinity ? undefined : setTimeout(end, Math.min(Math.max(1, Math.ceil(ms)), WAIT_MS_MAX))
      this.#end = end
    })
  }

  /** Ends the wait, if there is one. */
  wake(): void {
    this.#end?.()
  }
}
