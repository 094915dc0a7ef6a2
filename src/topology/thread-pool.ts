// The threads of a topology, before anything runs on them.

import { Threads } from '../kernel/threads.js'

const ENTRY = new URL('../thread-entry.cjs', import.meta.url)
/** What every topology on threads has: ingress, egress, a map thread. */
const THREADS_MIN = 3

/** Makes threads that nothing runs on yet. */
export function createThreads(): Threads {
  return new Threads(ENTRY, THREADS_MIN)
}
