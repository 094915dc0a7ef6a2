// The work that every contender does, from one file: messages, map handlers, and the sink that counts and checks.

import { createHmac } from 'node:crypto'

const HEAD = '{"value":'
const DIGITS = 16
const SPACE = 0x20
const ZERO = 0x30
const NINE = 0x39
const KEY = 'a key of the benchmark'

/**
 * The works by name. `checkAt`: where the eight bytes of a result lie that its checksum takes in, from its start, or
 * from its end where negative: the lower digits of the sequence number, or the last digits of the signature.
 */
export const WORKS = {
  'map-128': { sizeBytes: 128, handler: copy, checkAt: HEAD.length + DIGITS - 8 },
  'map-1k': { sizeBytes: 1024, handler: copy, checkAt: HEAD.length + DIGITS - 8 },
  'cpu-1k': { sizeBytes: 1024, handler: sign, checkAt: -10 },
}

/** What a worker thread does: the name is in its environment. */
export function workOfThread() {
  return WORKS[process.env.MILLRACE_BENCH_WORK]
}

/** The map of `map-128` and `map-1k`. */
export function copy(message) {
  return Buffer.from(message.value)
}

/** The map of `cpu-1k`: parses, changes a field, signs and writes. */
export function sign(message) {
  const bytes = asBuffer(message.value)
  const record = JSON.parse(bytes.toString())
  record.value += 1
  record.signature = createHmac('sha256', KEY).update(bytes).digest('hex')
  return Buffer.from(JSON.stringify(record))
}

/** A value that came by postMessage is a plain Uint8Array. */
function asBuffer(value) {
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.length)
}

/** Makes `{"value":           0,"padding":"xxx"}`, and so on: a template in which the number is counted up. */
export class Generator {
  constructor(sizeBytes) {
    const head = `${HEAD}${'0'.padStart(DIGITS)},"padding":"`
    this.template = Buffer.from(`${head}${'x'.repeat(sizeBytes - head.length - 2)}"}`)
  }

  /** The next value, from Node's buffer pool: the fastest way to a new buffer. */
  next() {
    const value = Buffer.from(this.template)
    this.advance()
    return value
  }

  /** The next value with memory of its own: postMessage copies a pooled buffer with its whole pool, 8 KiB. */
  nextOwn() {
    const value = new Uint8Array(this.template)
    this.advance()
    return value
  }

  /** Writes the next value into a larger buffer. */
  nextInto(bytes, offset) {
    bytes.set(this.template, offset)
    this.advance()
  }

  advance() {
    const { template } = this
    let at = HEAD.length + DIGITS - 1
    while (template[at] === NINE) template[at--] = ZERO
    template[at] = template[at] === SPACE ? ZERO + 1 : template[at] + 1
  }
}

/** Where messages come from, and where they are acknowledged. */
export class Origin {
  constructor(work, count) {
    this.generator = new Generator(work.sizeBytes)
    this.count = count
    this.given = 0
    this.acked = 0
    this.inFlight = 0
  }

  /** The next message, or null at the end. */
  read() {
    if (this.given === this.count) return null
    this.inFlight++
    return { id: this.given++, value: this.generator.next() }
  }

  /** The same with memory of its own. */
  readOwn() {
    if (this.given === this.count) return null
    this.inFlight++
    return { id: this.given++, value: this.generator.nextOwn() }
  }

  /** The next messages, at most `max`, each with memory of its own: an empty list at the end. */
  readBatch(max) {
    const batch = []
    while (batch.length < max && this.given < this.count) batch.push(this.readOwn())
    return batch
  }

  ack(_id) {
    this.acked++
    this.inFlight--
  }

  get done() {
    return this.acked === this.count
  }
}

/** The sink: counts, adds up, and takes the time between the message after which all is warm and the last one. */
export class Meter {
  /** `onMark` is called at these two messages. */
  constructor(work, count, warm, onMark = () => {}) {
    this.checkAt = work.checkAt
    this.count = count
    this.warm = warm
    this.seen = 0
    this.checksum = 0
    this.nextMark = warm
    this.onMark = onMark
    this.marks = []
  }

  take(value) {
    const at = this.checkAt < 0 ? value.length + this.checkAt : this.checkAt
    this.checksum =
      (this.checksum + Math.imul(wordAt(value, at), 31) + wordAt(value, at + 4) + value.length) | 0
    if (++this.seen === this.nextMark) this.mark()
  }

  mark() {
    this.marks.push({ ms: performance.now(), cpu: process.cpuUsage(), rssBytes: process.memoryUsage.rss() })
    this.nextMark = this.count
    this.onMark(this.seen)
  }

  /** What it has seen, and what it took from the first mark to the last message. */
  result() {
    const { seen, warm, checksum, marks } = this
    if (marks.length < 2) return { count: seen, checksum }
    const [from, to] = marks
    return {
      count: seen,
      checksum,
      messages: seen - warm,
      seconds: (to.ms - from.ms) / 1000,
      cpuSeconds: (to.cpu.user + to.cpu.system - from.cpu.user - from.cpu.system) / 1e6,
      rssBytes: to.rssBytes,
      rssGrowthBytes: to.rssBytes - from.rssBytes,
    }
  }
}

function wordAt(bytes, at) {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
}

/** A copy with memory of its own, for results that travel by postMessage. */
export function own(bytes) {
  return bytes.buffer.byteLength === bytes.length ? bytes : new Uint8Array(bytes)
}
