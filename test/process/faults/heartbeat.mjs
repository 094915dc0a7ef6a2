// Tells how long the event loop of a thread was away at most.

const BEAT_MS = 20

export class Heartbeat {
  constructor() {
    this.lastMs = performance.now()
    this.longestMs = 0
    this.timer = setInterval(() => this.#beat(), BEAT_MS)
    this.timer.unref()
  }

  stop() {
    this.#beat()
    clearInterval(this.timer)
    return this.longestMs
  }

  #beat() {
    const nowMs = performance.now()
    this.longestMs = Math.max(this.longestMs, nowMs - this.lastMs - BEAT_MS)
    this.lastMs = nowMs
  }
}
