// Worker threads, as long-lived tasks of a piscina pool: the pool makes them and notices when one is gone.
// Its word is no proof: a mailbox changes its owner only after the `exit` of the worker that had opened it (C6).

import type { Transferable, Worker } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { within } from './deadline.js'
import type { Pulse } from './pulse.js'

/** How a task ended: by itself, or with its thread. */
export type Exit = { finished: true } | { finished: false; code: number | undefined; error: unknown }

/** A task on a thread of its own. */
export type Thread = {
  /** Resolves when the task has ended and, unless it `finished`, its worker has exited. */
  readonly ended: Promise<Exit>
  /** Ends its worker, whatever it does; `ended` tells when. A blocking native call is waited for. */
  terminate(): void
}

type Tracked = { worker: Worker; exited: Promise<number>; loaded: Promise<unknown> }

const THREADS_MAX = 1024
/** How long the end waits for an import. */
const LOAD_MS = 2_000

export class Threads {
  private readonly pool: Piscina
  private readonly tracked = new Map<number, Tracked>()
  /** Of tasks that may still wait for a worker. */
  private readonly waiting = new Set<(error: Error) => void>()

  /** `entry`: the module whose default export is the task; `ready`: threads to make at once, others come with their tasks. */
  constructor(entry: URL, ready: number) {
    this.pool = new Piscina({
      filename: entry.href,
      minThreads: ready,
      maxThreads: THREADS_MAX,
      concurrentTasksPerWorker: 1,
      // Piscina's own waiting would block the thread's event loop.
      atomics: 'disabled',
      recordTiming: false,
    })
    // A worker that fails outside of its task: its task's promise rejects too, which is where it is dealt with. One that did not
    // come about, as without descriptors, has no task: the pool would leave those that wait for a worker waiting for ever.
    this.pool.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ERR_WORKER_INIT_FAILED') for (const giveUp of this.waiting) giveUp(error)
    })
    this.track()
  }

  /** Runs a task on a thread of its own, which must say in the pulse that it owns it before it touches anything shared. */
  run(task: object, transfer: Transferable[], pulse: Pulse): Thread {
    pulse.own(0)
    const abort = new AbortController()
    const giveUp = (error: Error) => {
      if (pulse.owner === 0) abort.abort(error)
    }
    this.waiting.add(giveUp)
    const done = this.pool
      .run(task, { transferList: transfer as never, signal: abort.signal })
      .finally(() => this.waiting.delete(giveUp))
    this.track()
    return {
      ended: done.then(
        () => ({ finished: true }),
        (error) => this.exitOf(pulse, abort.signal.aborted ? abort.signal.reason : error),
      ),
      terminate: () => {
        this.track()
        void this.tracked.get(pulse.owner)?.worker.terminate()
      },
    }
  }

  /** Ends all threads. */
  async destroy(): Promise<void> {
    // Node aborts the process where a worker is terminated in the middle of an import.
    const loaded = [...this.tracked.values()].map((each) => Promise.race([each.loaded, each.exited]))
    await within<unknown>(LOAD_MS, Promise.all(loaded), () => {})
    await this.pool.destroy()
  }

  private async exitOf(pulse: Pulse, error: unknown): Promise<Exit> {
    const { owner } = pulse
    // A worker that did not come so far has opened nothing.
    const code = await this.tracked.get(owner)?.exited
    this.tracked.delete(owner)
    return { finished: false, code, error: isExitOnly(error) ? undefined : error }
  }

  private track(): void {
    for (const worker of this.pool.threads) {
      const { threadId } = worker
      if (threadId < 0 || this.tracked.has(threadId)) continue
      const exited = new Promise<number>((resolve) => {
        worker.once('exit', resolve)
      })
      // Its first message: the pool's word that the entry module is imported.
      const loaded = new Promise((resolve) => {
        worker.once('message', resolve)
      })
      this.tracked.set(threadId, { worker, exited, loaded })
    }
  }
}

/** The pool's own words for a worker that exited without an error. */
function isExitOnly(error: unknown): boolean {
  return error instanceof Error && /^worker exited with code/.test(error.message)
}
