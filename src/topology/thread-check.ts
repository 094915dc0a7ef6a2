// Imports a topology module on a thread, as a run would, and compares what it defines there with the main thread's (T1).

import { Worker } from 'node:worker_threads'
import { countText } from '../kernel/count-text.js'
import { within } from '../kernel/deadline.js'
import { type ErrorRecord, fromErrorRecord, MillraceError, messageOf } from '../kernel/failure.js'
import { fingerprintOf } from './fingerprint.js'
import { placeText } from './module-file.js'
import { otherDefinition } from './other-definition.js'
import type { Topology } from './types.js'

/** What the thread says. */
export type ThreadCheck = { fingerprint: string } | { error: ErrorRecord }

/** What came of it; `isLate` where the thread was still at it, as the main thread would be. */
export type ThreadImport = { fingerprint: string } | { error: Error; isLate: boolean }

const TIMEOUT_MS = 10_000

/** Imports the module on a thread, which is ended after a while whatever it does: the main thread could not be. */
export async function importOnThread(module: URL, timeoutMs = TIMEOUT_MS): Promise<ThreadImport> {
  const worker = new Worker(new URL('./thread-check-worker.js', import.meta.url), { workerData: module.href })
  try {
    const late = `module ${placeText(module)}: still loading after ${countText(timeoutMs)} ms: a loop without an end, or a top-level await that does not settle?`
    return await within<ThreadImport>(timeoutMs, answerOf(worker).then(importOf, failed), () => ({
      error: new MillraceError('ERR_MODULE', late),
      isLate: true,
    }))
  } finally {
    await worker.terminate()
  }
}

/** Rejects with ERR_CONFIG where the thread got another definition, or with what went wrong there. */
export async function compareWithThread(topology: Topology, module: URL, there: ThreadImport): Promise<void> {
  if ('error' in there) throw there.error
  if (there.fingerprint !== (await fingerprintOf(topology, module)))
    throw otherDefinition(topology, 'another thread')
}

function importOf(said: ThreadCheck): ThreadImport {
  return 'error' in said ? failed(fromErrorRecord(said.error)) : said
}

function failed(error: Error): ThreadImport {
  return { error, isLate: false }
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
