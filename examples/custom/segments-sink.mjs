// A sink of one's own: each batch becomes one file of a directory, whole or not at all.
// The file is written beside its place and then renamed, so a crash leaves no half of a batch there.

import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Response } from 'millrace'

const NEWLINE = Buffer.from('\n')

export class SegmentsSink {
  name = 'segments'
  ordered = true
  /** One failure, and the batch is tried again as a whole: that is how it is written. */
  atomic = true
  batchMax = 200
  #directory
  #segment = 0

  constructor(directory) {
    this.#directory = directory
  }

  async open() {
    await rm(this.#directory, { recursive: true, force: true })
    await mkdir(this.#directory, { recursive: true })
  }

  /** A throw, such as for a full disk, is a failure of the whole batch. */
  async write(batch) {
    const name = `${String(this.#segment).padStart(6, '0')}.jsonl`
    const path = join(this.#directory, name)
    const file = await open(`${path}.part`, 'w')
    try {
      await file.writeFile(Buffer.concat(batch.flatMap((message) => [message.value, NEWLINE])))
      await file.datasync()
    } finally {
      await file.close()
    }
    await rename(`${path}.part`, path)
    this.#segment++
    return batch.map(Response.ok)
  }
}
