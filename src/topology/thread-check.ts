// Imports a topology module on a thread, as a run would, and compares what it defines there with the main thread's (T1).

import { Worker } from 'node:worker_threads'
import { within } from '../kernel/deadline.js'
import { type ErrorRecord, fromErrorRecord, MillraceError, messageOf } from '../kernel/failure.js'
import { fingerprintOf } from './fingerprint.js'
import { otherDefinition } from './other-definition.js'
import type { Topology } from './types.js'

/** What the thread says. */
export type ThreadCheck = { fingerprint: string } | { error: ErrorRecord }

const TIMEOUT_MS = 10_000

/** Rejects with ERR_CONFIG where a thread gets another definition, or with what went wrong there. */
export async function checkOnThread(topology: Topology, module: URL, timeoutMs = TIMEOUT_MS): Promise<void> {
  const worker = new Worker(new URL('./thread-check-worker.js', import.meta.url), { workerData: module.href })
  try {
    const said = await within(timeoutMs, answerOf(worker), () => {
      throw failure(`the module has not been imported after ${timeoutMs} ms`)
    })
    if ('error' in said) throw fromErrorRecord(said.error)
    if (said.fingerprint !== (await fingerprintOf(topology, module)))
      throw otherDefinition(topology, 'another thread')
  } finally {
    await worker.terminate()
  }
}

function answerOf(worker: Worker): Promise<ThreadCheck> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', (error) => reject(failure(messageOf(error))))
    worker.once('exit', (code) => reject(failure(`the thread ended with exit code ${code}`)))
  })
}

function failure(what: string): MillraceError {
  return new MillraceError('ERR_MODULE', `on a thread: ${what}`)
}
