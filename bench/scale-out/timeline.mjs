// A clock that jumps from one event to the next.

export class Timeline {
  nowMs = 0
  /** The next one is the last; of the same time, the one that was added first. */
  #events = []

  /** Calls back after so long. Gives a function that prevents it. */
  after(delayMs, call) {
    const event = { atMs: this.nowMs + delayMs, call }
    let place = this.#events.length
    while (place > 0 && this.#events[place - 1].atMs <= event.atMs) place--
    this.#events.splice(place, 0, event)
    return () => {
      event.call = () => {}
    }
  }

  /** Until nothing is left to come. */
  run() {
    for (let event = this.#events.pop(); event !== undefined; event = this.#events.pop()) {
      this.nowMs = event.atMs
      event.call()
    }
  }
}
