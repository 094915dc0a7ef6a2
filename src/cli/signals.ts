// What SIGINT and SIGTERM do: the first drains, the second stops at once, a third does not even wait for that.

import { messageOf } from '../kernel/failure.js'
import type { Inspection, Running } from '../topology/running.js'
import { countText } from './format.js'
import type { Io } from './io.js'

/** How long the second signal gives actors to hand back what is in flight. */
const STOP_MS = 1_000
/** How long a start may go on after a signal. */
const START_MS = 10_000

export type Signals = {
  /** Hands over what a signal acts on; one that came before acts now. */
  attach(running: Running): void
  /** True once it was stopped, not drained. */
  readonly isForced: boolean
  /** Resolves when a stop by signal is over, with what to say of it. */
  readonly forced: Promise<string>
}

/** Listens for signals, for the rest of the process: one that comes late must not change the exit code. */
export function watchSignals(io: Io, say: (line: string) => void): Signals {
  let running: Running | undefined
  let signalCount = 0
  let isForced = false
  let settle: (text: string) => void = () => {}
  const forced = new Promise<string>((resolve) => {
    settle = resolve
  })

  const drain = (signal: string) => {
    if (running === undefined) {
      say(`${signal}: stopping as soon as it has started; again to stop at once`)
      io.after(
        START_MS,
        () => running === undefined && force(`${signal}: the start did not end within ${START_MS / 1_000} s`),
      )
      return
    }
    say(`${signal}: draining, ${countText(running.progress().inFlight)} in flight; again to stop at once`)
    beginDrain(running)
  }

  const force = (why: string) => {
    isForced = true
    const text = running === undefined ? why : `${why}${heldBy(running)}`
    const end = () => settle(text)
    if (running === undefined) return end()
    io.after(STOP_MS, end)
    running.stop().then(end, (error) => settle(`${text}: ${messageOf(error)}`))
  }

  const onSignal = (signal: string) => {
    signalCount++
    if (signalCount === 1) drain(signal)
    else if (signalCount === 2) force(`stopped by a second ${signal}`)
    else io.exit(1)
  }
  for (const signal of ['SIGINT', 'SIGTERM']) io.signals.on(signal, () => onSignal(signal))

  return {
    attach(started) {
      running = started
      if (signalCount === 1) beginDrain(started)
    },
    get isForced() {
      return isForced
    },
    forced,
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
