#!/usr/bin/env node
// The command line. It sets the exit code and lets the process end by itself; what keeps it alive has a little while.

import { dispatch } from './cli/dispatch.js'
import { type Io, processIo } from './cli/io.js'
import { errorText } from './cli/report.js'

/** How long something may keep the process alive after the end: less after a failure, where nothing is left to flush. */
const LINGER_MS = 2_000
const LINGER_FAILED_MS = 500

let isEnded = false
const ofProcess = processIo()
const io: Io = {
  ...ofProcess,
  onExit: (listener) =>
    ofProcess.onExit((code) => {
      if (!isEnded) listener(code)
    }),
  exit(code) {
    isEnded = true
    process.exit(code)
  },
}

// Were this silent, a call of process.exit in a user's module would look like success.
process.on('exit', (code) => {
  if (isEnded) return
  io.stderr.write(
    `millrace: the process ended before its work did (exit code ${code}): was process.exit called?\n`,
  )
  // Whatever code was given: 0 and 2 have a meaning of their own.
  process.exitCode = 1
})

dispatch(process.argv.slice(2), io)
  .catch((error: unknown) => {
    io.stderr.write(errorText(error))
    return 1
  })
  .then((code) => {
    isEnded = true
    process.exitCode = code
    io.after(code === 0 ? LINGER_MS : LINGER_FAILED_MS, () => io.exit(code))
  })
