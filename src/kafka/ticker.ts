// The clock of a session: calls back in equal turns, and keeps no process alive.

export class Ticker {
  readonly #timer: NodeJS.Timeout

  constructor(tickMs: number, onTick: () => void) {
    this.#timer = setInterval(onTick, tickMs)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
