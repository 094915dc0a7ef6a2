// The thread of thread-check.ts: imports the module, says what it got, and ends.

import { parentPort, workerData } from 'node:worker_threads'
import { toErrorRecord } from '../kernel/failure.js'
import { trustDefinitions } from './define.js'
import { fingerprintOf } from './fingerprint.js'
import { loadTopology } from './load.js'
import type { ThreadCheck } from './thread-check.js'
import { loadTypescriptLoader } from './typescript-loader.js'

parentPort?.postMessage(await look(new URL(workerData as string)))

async function look(url: URL): Promise<ThreadCheck> {
  try {
    // As the threads of a run do.
    trustDefinitions()
    await loadTypescriptLoader(url)
    return { fingerprint: await fingerprintOf(await loadTopology(url), url) }
  } catch (error) {
    return { error: toErrorRecord(error) }
  }
}
