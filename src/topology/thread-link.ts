// One life of a thread: its task in the pool, and the two ports by which the main thread talks to it.

import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { Remote } from 'comlink'
import { call, remote, serve } from '../kernel/control.js'
import { type ErrorRecord, fromErrorRecord } from '../kernel/failure.js'
import type { Pulse } from '../kernel/pulse.js'
import type { Exit, Thread, Threads } from '../kernel/threads.js'
import type { ReportApi, ThreadApi, ThreadTask } from './thread.js'

export class ThreadLink {
  readonly ended: Promise<Exit>
  private readonly name: string
  private readonly thread: Thread
  private readonly control: MessagePort
  private readonly reports: MessagePort
  private readonly api: Remote<ThreadApi>

  constructor(
    threads: Threads,
    task: Omit<ThreadTask, 'control' | 'reports'>,
    pulse: Pulse,
    reportApi: ReportApi,
  ) {
    const control = new MessageChannel()
    const reports = new MessageChannel()
    serve(reportApi, reports.port1)
    this.name = task.thread
    this.control = control.port1
    this.reports = reports.port1
    this.api = remote<ThreadApi>(control.port1)
    const whole: ThreadTask = { ...task, control: control.port2, reports: reports.port2 }
    this.thread = threads.run(whole, [control.port2, reports.port2], pulse)
    this.ended = this.thread.ended
  }

  /** Calls a method that gives an error record where it fails; rejects with that error, or when the thread ends first. */
  async call(
    what: (api: Remote<ThreadApi>) => Promise<ErrorRecord | undefined>,
    timeoutMs: number,
  ): Promise<void> {
    const record = await call(`thread ${this.name}`, what(this.api), this.ended, timeoutMs)
    if (record !== undefined) throw fromErrorRecord(record)
  }

  /** Calls a method whose result nobody waits for. */
  tell(what: (api: Remote<ThreadApi>) => Promise<void>): void {
    void what(this.api).catch(() => {})
  }

  /** Lets the task end; what it has logged until then still comes. */
  close(): void {
    this.control.close()
    void this.ended.then(() => this.reports.close())
  }

  terminate(): void {
    this.thread.terminate()
  }
}
