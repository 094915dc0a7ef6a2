// What is written to stdout may not get there: a disk that is full must not look like success.

import type { EventEmitter } from 'node:events'

/** No space, no quota, over the limit of a file. A reader that went away (EPIPE) has what it wanted. */
const FULL = ['ENOSPC', 'EDQUOT', 'EFBIG']

/** Listens for the errors of stdout: calls `fail` with a line, once, where something could not be written; passes over all others. */
export function onFullDisk(stdout: EventEmitter, fail: (line: string) => void): void {
  let isTold = false
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isTold || !FULL.includes(error.code ?? '')) return
    isTold = true
    fail(`millrace: stdout: ${error.message}\n`)
  })
}
