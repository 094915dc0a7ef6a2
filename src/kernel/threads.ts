// Worker threads, as long-lived tasks of a piscina pool: the pool makes them and notices when one is gone.

import type { Transferable } from 'node:worker_threads'
import { Piscina } from 'piscina'

const THREADS_MAX = 1024

export class Threads {
  private readonly pool: Piscina

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
    // A worker that fails outside of its task: its task's promise rejects too, which is where it is dealt with.
    this.pool.on('error', () => {})
  }

  /** Runs a task on a thread of its own: resolves when it ends, rejects when the thread dies. */
  run(task: object, transfer: Transferable[]): Promise<void> {
    return this.pool.run(task, { transferList: transfer as never })
  }

  /** Ends all threads. */
  async destroy(): Promise<void> {
    await this.pool.destroy()
  }
}
