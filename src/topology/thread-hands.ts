// Each thread of the plan as a long-lived task of the pool, controlled over two ports.

import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { Remote } from 'comlink'
import { call, remote, serve } from '../kernel/control.js'
import { type ErrorRecord, fromErrorRecord, MillraceError, messageOf } from '../kernel/failure.js'
import type { Threads } from '../kernel/threads.js'
import type { Hands, HandsOptions, Reports } from './hands.js'
import type { ReportApi, ThreadApi, ThreadTask } from './thread.js'

type Hand = { name: string; control: MessagePort; api: Remote<ThreadApi>; ended: Promise<void> }

/** For importing the module and opening what the thread hosts. */
const OPEN_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 10_000

export class ThreadHands implements Hands {
  private readonly options: HandsOptions & { module: string; fingerprint: string }
  private readonly threads: Threads
  private hands: Hand[] = []
  private stopping = false

  constructor(options: HandsOptions & { module: string; fingerprint: string }, threads: Threads) {
    this.options = options
    this.threads = threads
  }

  async open(reports: Reports): Promise<void> {
    this.hands = this.options.plan.threads.map((name) => this.run(name, reports))
    const opened = await Promise.all(
      this.hands.map((hand) => this.call(hand, hand.api.open(), OPEN_TIMEOUT_MS)),
    )
    throwFirst(opened)
  }

  start(): void {
    this.tell((api) => api.start())
  }

  drain(): void {
    this.tell((api) => api.drain())
  }

  async abandon(reason: string): Promise<void> {
    await Promise.allSettled(
      this.hands.map((hand) => this.call(hand, hand.api.abandon(reason), STOP_TIMEOUT_MS)),
    )
  }

  async stop(): Promise<void> {
    this.stopping = true
    // A thread that is dead cannot be closed; the others can.
    const stopped = await Promise.allSettled(
      this.hands.map((hand) => this.call(hand, hand.api.stop(), STOP_TIMEOUT_MS)),
    )
    for (const { control } of this.hands) control.close()
    await Promise.allSettled(this.hands.map((hand) => hand.ended))
    const rejected = stopped.find((result) => result.status === 'rejected')
    if (rejected !== undefined) throw rejected.reason
    throwFirst(stopped.map((result) => (result.status === 'fulfilled' ? result.value : undefined)))
  }

  async kill(): Promise<void> {
    this.stopping = true
    await this.threads.destroy()
  }

  private run(name: string, reports: Reports): Hand {
    const control = new MessageChannel()
    const report = new MessageChannel()
    const { plan, memory, life, module, fingerprint, log } = this.options
    const reportApi: ReportApi = {
      log,
      done: () => reports.done(),
      failed: (record) => reports.failed(fromErrorRecord(record)),
    }
    serve(reportApi, report.port1)
    const task: ThreadTask = {
      module,
      fingerprint,
      plan,
      memory,
      life,
      thread: name,
      control: control.port2,
      reports: report.port2,
    }
    const ended = this.threads.run(task, [control.port2, report.port2]).catch((error) => {
      throw new MillraceError('ERR_THREAD', `thread ${name}: died: ${messageOf(error)}`, { cause: error })
    })
    ended.catch((error) => {
      if (!this.stopping) reports.failed(error)
    })
    return { name, control: control.port1, api: remote<ThreadApi>(control.port1), ended }
  }

  private call<Result>(hand: Hand, result: Promise<Result>, timeoutMs: number): Promise<Result> {
    return call(`thread ${hand.name}`, result, hand.ended, timeoutMs)
  }

  private tell(what: (api: Remote<ThreadApi>) => Promise<void>): void {
    for (const { api } of this.hands) void what(api).catch(() => {})
  }
}

function throwFirst(results: readonly (ErrorRecord | undefined)[]): void {
  const record = results.find((result) => result !== undefined)
  if (record !== undefined) throw fromErrorRecord(record)
}
