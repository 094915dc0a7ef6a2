// What every contender of the Kafka cases does with a record, and what comes out of it.

import { hashed } from '../serve-work.mjs'
import { copy, WORKS } from '../work.mjs'

/** So many keys, in turn. */
export const KEYS = 1_000
/** This share of a run is for getting warm. */
export const WARM_SHARE = 0.2

/** The job of this process: it comes in the environment, because the threads that it starts inherit that. */
export function jobOfProcess() {
  return JSON.parse(process.env.MILLRACE_BENCH_KAFKA)
}

/** The work whose records these are; its checksum takes in the number of each. */
export function workOf({ sizeBytes }) {
  return sizeBytes === 128 ? WORKS['map-128'] : WORKS['map-1k']
}

/** The handler: a copy, or one that ends in a hash of it and of so many rounds. */
export function handlerOf({ handler, rounds }) {
  return handler === 'copy' ? copy : (message) => hashed(message, rounds)
}
