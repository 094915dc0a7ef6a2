// The lines of a file, one after the other, as bytes: split as `lines` does.

import { createReadStream } from 'node:fs'

const LF = 10
const CR = 13

/** Gives each line with its end, which a last line gets where it has none. */
export async function* eachLine(path: string): AsyncGenerator<Buffer> {
  let begun: Buffer[] = []
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let start = 0
    for (let lf = chunk.indexOf(LF); lf >= 0; lf = chunk.indexOf(LF, start)) {
      yield Buffer.concat([...begun, chunk.subarray(start, lf + 1)])
      begun = []
      start = lf + 1
    }
    if (start < chunk.length) begun.push(chunk.subarray(start))
  }
  if (begun.length > 0) yield Buffer.concat([...begun, Buffer.of(LF)])
}

/** Gives a line without its LF or CRLF. */
export function withoutEnd(line: Buffer): Buffer {
  const end = line.length - 1
  return line.subarray(0, line[end - 1] === CR ? end - 1 : end)
}
