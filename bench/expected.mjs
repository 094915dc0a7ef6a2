// What a run must come to: the work done once, plainly, and its checksum noted at each count that a contender runs.

import { Generator, Meter, WORKS } from './work.mjs'

const LOOK_AT_EVERY = 99_991

/** Checksums by count. */
export function expectedChecksums(workName, counts) {
  const work = WORKS[workName]
  const generator = new Generator(work.sizeBytes)
  const meter = new Meter(work, 0, 0)
  const checksums = new Map()
  for (const count of [...new Set(counts)].sort((a, b) => a - b)) {
    while (meter.seen < count) {
      const id = meter.seen
      const value = generator.next()
      if (id % LOOK_AT_EVERY === 0) lookAt(value, id, work)
      meter.take(work.handler({ id, value }))
    }
    checksums.set(count, meter.checksum)
  }
  return checksums
}

/** A checksum of nonsense would be no check: the messages are what they are said to be. */
function lookAt(value, id, { sizeBytes }) {
  if (value.length !== sizeBytes || JSON.parse(value).value !== id) {
    throw new Error(`the generator made ${value.length} bytes for message ${id}: ${value}`)
  }
}
