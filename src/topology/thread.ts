// What runs on a worker thread: loads the topology's module, runs the crew of this thread, ends when it is told to.
// It is a long-lived task of the pool; the main thread talks to it by two ports.

import { type MessagePort, threadId } from 'node:worker_threads'
import { remote, serve } from '../kernel/control.js'
import { type ErrorRecord, toErrorRecord } from '../kernel/failure.js'
import { isNeeded, type LogLevel, type LogRecord } from '../kernel/log.js'
import { Pulse } from '../kernel/pulse.js'
import type { Replay } from '../replay/dead-line.js'
import type { TopicReplay } from '../replay/topic-letters.js'
import { Crew } from './crew.js'
import { trustDefinitions } from './define.js'
import { fingerprintOf } from './fingerprint.js'
import type { CrewLife } from './life.js'
import { loadTopology } from './load.js'
import type { PlanMemory } from './memory.js'
import type { Plan } from './plan.js'
import type { EndStats } from './stats-of.js'
import type { Topology } from './types.js'
import { loadTypescriptLoader } from './typescript-loader.js'

/** What a thread is given. */
export type ThreadTask = {
  module: string
  /** Of the main thread's definition: a thread with another one must not run (T1). */
  fingerprint: string
  /** What it reads in place of its source, if it does. */
  replay: Replay | TopicReplay | undefined
  plan: Plan
  memory: PlanMemory
  thread: string
  logLevel: LogLevel
  life: CrewLife
  /** This thread serves its methods here. */
  control: MessagePort
  /** The main thread serves its own here. */
  reports: MessagePort
}

/** A thread's methods. Errors travel as records: structured clone would lose their code. */
export type ThreadApi = {
  open(): Promise<ErrorRecord | undefined>
  start(): void
  drain(): void
  abandon(reason: string): Promise<ErrorRecord | undefined>
  stop(): Promise<ErrorRecord | undefined>
}

/** The main thread's methods. */
export type ReportApi = {
  log(record: LogRecord): void
  done(): void
  failed(error: ErrorRecord): void
  /** What its source and sinks say of themselves. */
  stats(stats: EndStats): void
  /** Asks for another thread in place of this one. */
  renew(reason: string): void
}

/** Runs one thread of a topology; resolves when the main thread has closed the control port. */
export default async function runThread(task: ThreadTask): Promise<void> {
  // C6: from here on only the exit of this worker frees what it opens.
  new Pulse(task.memory.pulses[task.plan.threads.indexOf(task.thread)]).own(threadId)
  const reports = remote<ReportApi>(task.reports)
  const ignore = () => {}
  let crew: Crew | undefined
  await new Promise<void>((resolve) => {
    const api: ThreadApi = {
      open: () =>
        attempt(async () => {
          const topology = await load(task)
          crew = new Crew({
            topology,
            plan: task.plan,
            memory: task.memory,
            thread: task.thread,
            module: task.module,
            life: task.life,
            log: (record) => {
              if (isNeeded(record, task.logLevel)) void reports.log(record).catch(ignore)
            },
            done: () => void reports.done().catch(ignore),
            failed: (error) => void reports.failed(toErrorRecord(error)).catch(ignore),
            stats: (stats) => void reports.stats(stats).catch(ignore),
            broken: die,
            renew: (reason) => void reports.renew(reason).catch(ignore),
          })
          await crew.open()
        }),
      start: () => crew?.start(),
      drain: () => crew?.drain(),
      abandon: (reason) => attempt(async () => crew?.abandon(reason)),
      stop: () => attempt(async () => crew?.stop()),
    }
    serve(api, task.control)
    task.control.once('close', resolve)
  })
  task.reports.close()
}

/** Ends the thread: a successor goes on with what the memory says. */
function die(error: Error): void {
  setImmediate(() => {
    throw error
  })
}

async function attempt(act: () => Promise<void>): Promise<ErrorRecord | undefined> {
  try {
    await act()
    return undefined
  } catch (error) {
    return toErrorRecord(error)
  }
}

async function load({ module, fingerprint, replay, thread }: ThreadTask): Promise<Topology> {
  const url = new URL(module)
  // The main thread has checked the same definition; the fingerprint says that it is the same.
  trustDefinitions()
  await loadTypescriptLoader(url)
  const topology = await loadTopology(url)
  if ((await fingerprintOf(topology, url)) !== fingerprint)
    throw (await import('./other-definition.js')).otherDefinition(topology, `thread ${thread}`)
  return replay === undefined ? topology : (await import('./replay.js')).withReplay(topology, replay)
}
