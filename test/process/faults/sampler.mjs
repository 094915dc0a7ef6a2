// Looks at a process again and again while something goes on.

/** @template T @param {() => T} look */
export class Sampler {
  constructor(look, everyMs = 50) {
    /** @type {{ ms: number, value: T }[]} */
    this.samples = []
    this.timer = setInterval(() => this.samples.push({ ms: performance.now(), value: look() }), everyMs)
  }

  stop() {
    clearInterval(this.timer)
    return this.samples
  }
}
