// The sinks of this example: each run begins with an empty file, and says at the end what is in it.
// A sink is any object with `write`. Nothing happens before `open`, which is called on the one thread that writes.

import { appendFile, mkdir, rm } from 'node:fs/promises'
import { dirname, relative } from 'node:path'
import { file, Response } from 'millrace'

/** Each value as a line. */
export function freshFile(path) {
  return fresh(path, file({ path }))
}

/** A line of JSON for each message: why it was refused, and what it was. */
export function rejectsFile(path) {
  return fresh(path, {
    ordered: true,
    // A throw fails the batch as a whole; a fallback sink keeps trying.
    async write(batch) {
      const rejects = batch.map((message) => JSON.stringify({ reason: message.reason, line: message.text() }))
      await appendFile(path, `${rejects.join('\n')}\n`)
      return batch.map(Response.ok)
    },
  })
}

function fresh(path, sink) {
  let log
  let count = 0
  return {
    ...sink,
    // `open` makes the directory: it need not be there before.
    check: undefined,
    async open(context) {
      log = context.log
      await mkdir(dirname(path), { recursive: true })
      await rm(path, { force: true })
      await sink.open?.(context)
    },
    async write(batch) {
      const responses = await sink.write(batch)
      count += responses.filter(({ outcome }) => outcome === 'ok').length
      return responses
    },
    async close() {
      await sink.close?.()
      log.info(`${count} lines in ${relative(process.cwd(), path)}`)
    },
  }
}
