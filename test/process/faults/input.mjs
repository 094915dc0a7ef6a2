// The messages of a run, made from a seed: the source's side of the account. A line is
//   id key sequence padding crc
// where sequence is the number of the message within its key and crc is that of all before it. Any line can be made again
// from its id, so whoever has a line can tell whether it is one of these, byte for byte.

import { writeFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { chanceOf } from './random.mjs'

const PADDING = 'abcdefghijklmnopqrstuvwxyz0123456789'.repeat(4_000)

export class Input {
  /** @param {{ seed: number, count: number, keys?: number, bytes?: number }} options `bytes`: of a line, about */
  constructor({ seed, count, keys = 50, bytes = 80 }) {
    this.seed = seed
    this.count = count
    this.keys = keys
    this.bytes = bytes
    /** Where each line starts in the file, once it is written. */
    this.offsets = new Float64Array(count)
    /** @type {Map<number, number>} */
    this.idByOffset = new Map()
  }

  /** Writes the file, and remembers where each line starts. */
  write(path) {
    const lines = []
    let offset = 0
    for (let id = 0; id < this.count; id++) {
      const line = this.lineOf(id)
      this.offsets[id] = offset
      this.idByOffset.set(offset, id)
      offset += line.length + 1
      lines.push(line)
    }
    writeFileSync(path, `${lines.join('\n')}\n`)
    return offset
  }

  keyOf(id) {
    return `k${id % this.keys}`
  }

  lineOf(id) {
    const width = Math.max(0, this.bytes - 30)
    const length = Math.floor(width * (0.5 + chanceOf(this.seed, id)))
    const from = (id * 7) % 36
    const body = `${id} ${this.keyOf(id)} ${Math.floor(id / this.keys)} ${PADDING.slice(from, from + length)}`
    return `${body} ${crcText(body)}`
  }
}

/** Gives the id of a line, or -1 where its crc is not that of its text. */
export function idOf(line) {
  const end = line.length - 9
  if (end < 1 || line[end] !== ' ' || crcText(line.slice(0, end)) !== line.slice(end + 1)) return -1
  return Number(line.slice(0, line.indexOf(' ')))
}

/** Gives the line without what stands in front of one that went through a handler: who handled it, and a bar. */
export function unstamped(text) {
  return text.slice(text.indexOf('|') + 1)
}

/** Gives the key of a line, as a source's `keys` wants it. */
export function keysOf(line) {
  const from = line.indexOf(' ') + 1
  return [line.slice(from, line.indexOf(' ', from))]
}

function crcText(text) {
  return crc32(text).toString(16).padStart(8, '0')
}
