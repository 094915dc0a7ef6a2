// The end of the process by its own hand (H3): for a thread that nothing else ends, since it is in a native call that blocks.

import { writeSync } from 'node:fs'
import { within } from '../kernel/deadline.js'

/** Says why, and ends the process by SIGKILL: exit code 137. `process.exit` would wait for the thread for ever. */
function endProcess(why: string): void {
  try {
    writeSync(
      2,
      `millrace: ${why}: the process ends itself (SIGKILL); start it again, and the source goes on from its last ack\n`,
    )
  } finally {
    process.kill(process.pid, 'SIGKILL')
  }
}

/** Waits for the end of a thread; if it does not come in time, the process ends. */
export async function endsWithin(timeoutMs: number, ended: Promise<unknown>, why: string): Promise<void> {
  await within(timeoutMs, ended, () => endProcess(why))
}
