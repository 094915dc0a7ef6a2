// The host process of a store: LMDB maps its file into memory, and a torn or shortened file, or a thread that is terminated in
// the middle of a commit, can end or block the whole process. Here that is this process only, and the store starts another.

import { constants } from 'node:os'
import { Environment } from './environment.js'
import type { FromHost, ToHost } from './host-messages.js'

// Signals to the whole process group are for the others: what they still settle must become durable.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)

const { EFBIG, EINVAL, ENOMEM } = constants.errno
const ABSURD: readonly number[] = [EFBIG, EINVAL, ENOMEM]

const environment = new Environment(process.argv[2])

process.once('disconnect', end)
process.on('message', ({ put }: ToHost) => {
  try {
    answer({ kind: environment.put(put) })
  } catch (error) {
    answer({ kind: isOfTheFile(error) ? 'broken' : 'failed', reason: reasonOf(error) })
  }
})

try {
  const entries = environment.open()
  if (entries === 'broken') answer({ kind: 'broken', reason: 'an entry does not fit its checksum' })
  else answer({ kind: 'opened', entries })
  environment.found = undefined
} catch (error) {
  // It could be read, and not be written: what it held is whole.
  const entries = environment.found
  if (isOfTheFile(error)) answer({ kind: 'broken', reason: reasonOf(error), ...(entries && { entries }) })
  else answer({ kind: 'refused', reason: reasonOf(error) })
}

// It may have hung up before anybody listened.
if (!process.connected) end()

function end(): void {
  // Then nothing is left that would keep the process.
  void environment.close()
}

/**
 * LMDB's own errors are negative numbers: the file is not what it wrote. Those of the system are positive, and of these a few
 * come of sizes and places that no file of ours has.
 */
function isOfTheFile(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return typeof code === 'number' && (code < 0 || ABSURD.includes(code))
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function answer(message: FromHost): void {
  // Nobody listens any more: the end of the process is under way.
  process.send?.(message, () => undefined)
}
