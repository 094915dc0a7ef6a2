// What every contender that answers requests does with one: the handlers, and the bodies that the load sends.

import { createHash } from 'node:crypto'
import { copy } from './work.mjs'

const { MILLRACE_BENCH_HANDLER = 'echo', MILLRACE_BENCH_ROUNDS = '0' } = process.env
const BLOCK = Buffer.alloc(4096, 'block')
const HASH_DIGITS = 64
const CPU_MICROS = 200
const TRIALS = 300

/** The handler that the environment names. */
export function handlerOfThread() {
  if (MILLRACE_BENCH_HANDLER === 'echo') return copy
  const rounds = Number(MILLRACE_BENCH_ROUNDS)
  return (message) => hashed(message, rounds)
}

/** Body number `number` of the load: they differ, so an answer that belongs to another request is seen. */
export function bodyOf(sizeBytes, number) {
  return Buffer.from(String(number).padStart(16).padEnd(sizeBytes, 'x'))
}

/**
 * How many rounds take 200 µs of CPU here where nothing disturbs them. Measured once, then the same for all: a clock in the
 * loop would give to who has to share a core what it takes from the others.
 */
export function calibratedRounds() {
  const message = { value: bodyOf(128, 0) }
  const fewMicros = fastestMicros(message, 10)
  const manyMicros = fastestMicros(message, 110)
  return Math.round((CPU_MICROS - fewMicros) / ((manyMicros - fewMicros) / 100)) + 10
}

function fastestMicros(message, rounds) {
  let fastestMs = Infinity
  for (let trial = 0; trial < TRIALS; trial++) {
    const from = performance.now()
    hashed(message, rounds)
    fastestMs = Math.min(fastestMs, performance.now() - from)
  }
  return fastestMs * 1000
}

/** A copy that ends in a hash: a loop of our own would be as fast as the compiler of each process happens to make it. */
export function hashed(message, rounds) {
  const bytes = copy(message)
  const hash = createHash('sha256').update(bytes)
  for (let round = 0; round < rounds; round++) hash.update(BLOCK)
  bytes.write(hash.digest('hex'), bytes.length - HASH_DIGITS, 'latin1')
  return bytes
}
