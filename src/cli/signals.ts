// What SIGINT and SIGTERM do: the first drains, the second stops at once, a third does not even wait for that. While the module is
// being loaded, the first ends the process.

import { messageOf } from '../kernel/failure.js'
import type { Inspection, Running } from '../topology/running.js'
import { countText } from './format.js'
import type { Io } from './io.js'

/** How long the second signal gives actors to hand back what is in flight. */
const STOP_MS = 1_000
/** How long a start may go on after a signal. */
const START_MS = 10_000
/** Signals nearer to each other than this are one. */
const SAME_SIGNAL_MS = 100

/** Listens from its making until the end of the process: a signal that comes late must not change the exit code. */
export class Signals {
  /** Resolves when a stop by signal is over, with what to say of it. */
  readonly forced: Promise<string>
  private settle: (text: string) => void = () => {}
  private running: Running | undefined
  private signalCount = 0
  private signalMs = Number.NEGATIVE_INFINITY
  private isStopping = false
  private isOver = false
  private isLoading = false
  private readonly listeners = ['SIGINT', 'SIGTERM'].map(
    (signal) => [signal, () => this.onSignal(signal)] as const,
  )
  private readonly io: Io
  private readonly say: (line: string) => void

  constructor(io: Io, say: (line: string) => void) {
    this.io = io
    this.say = say
    this.forced = new Promise((resolve) => {
      this.settle = resolve
    })
    this.listen()
  }

  /**
   * Tells that the module is being loaded, or is now. Meanwhile a signal ends the process at once, by the system: nothing is open
   * yet, and a module that loops would let nobody here hear of it. A first process the system does not end.
   */
  loading(isLoading: boolean): void {
    this.isLoading = isLoading
    if (this.io.isFirstProcess) return
    if (!isLoading) this.listen()
    else for (const [signal, listener] of this.listeners) this.io.signals.off(signal, listener)
  }

  /** Hands over what a signal acts on; one that came before acts now. */
  attach(running: Running): void {
    this.running = running
    if (this.signalCount === 1) beginDrain(running)
  }

  /** True once it is being stopped, not drained. */
  get isForced(): boolean {
    return this.isStopping
  }

  /** From here on a signal does nothing. */
  end(): void {
    this.isOver = true
  }

  private listen(): void {
    for (const [signal, listener] of this.listeners) this.io.signals.on(signal, listener)
  }

  private onSignal(signal: string): void {
    if (this.isOver) return
    // One Ctrl-C or one `timeout` may reach the process twice, by itself and by its group: that is one wish.
    const nowMs = this.io.now()
    if (nowMs - this.signalMs < SAME_SIGNAL_MS) return
    this.signalMs = nowMs
    this.signalCount++
    if (this.isLoading) this.stop(`${signal}: the module was still loading`)
    else if (this.signalCount === 1) this.drain(signal)
    else if (this.signalCount === 2) this.stop(`stopped by a second ${signal}`)
    else this.io.exit(1)
  }

  private drain(signal: string): void {
    const { running, io } = this
    if (running !== undefined) {
      const count = countText(running.progress().inFlight)
      this.say(`${signal}: draining, ${count} in flight; again to stop at once`)
      beginDrain(running)
      return
    }
    this.say(`${signal}: stopping as soon as it has started; again to stop at once`)
    io.after(START_MS, () => {
      const isStuck = this.running === undefined && !this.isOver
      if (isStuck) this.stop(`${signal}: the start did not end within ${START_MS / 1_000} s`)
    })
  }

  private stop(why: string): void {
    const { running, io } = this
    this.isStopping = true
    if (running === undefined) {
      this.settle(why)
      return
    }
    const text = `${why}${heldBy(running)}`
    io.after(STOP_MS, () => this.settle(text))
    running.stop().then(
      () => this.settle(text),
      (error) => this.settle(`${text}: ${messageOf(error)}`),
    )
  }
}

// What becomes of it is for whoever waits for `finished`.
function beginDrain(running: Running): void {
  running.drain().catch(() => {})
}

// Names who held out, so that the user knows where to look.
function heldBy(running: Running): string {
  const { actors, progress }: Inspection = running.inspect()
  const holders = actors.filter(({ counts }) => (counts.inFlight ?? 0) > 0)
  const names = holders.map(({ name, counts }) => `${name} ${countText(counts.inFlight)}`)
  const by = names.length === 0 ? '' : ` (${names.join(', ')})`
  return ` with ${countText(progress.inFlight)} in flight${by}; the source has them back`
}
