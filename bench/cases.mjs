// The cases: who takes part in each, with how many threads, and how many messages make a run of one to two seconds.

import { KAFKA_CASES, KAFKA_CONTENDERS } from './kafka/cases.mjs'
import { SERVE_CASES, SERVE_CONTENDERS } from './serve-cases.mjs'

/** How each contender is run: its file in contenders/, and its worker (or map) threads, the number that suits it best. */
export const CONTENDERS = {
  loop: { file: 'loop', threads: 0 },
  'packed-1': { file: 'packed', threads: 1 },
  'packed-2': { file: 'packed', threads: 2 },
  postmessage: { file: 'postmessage', threads: 1 },
  'postmessage-500': { file: 'postmessage-batches', threads: 2 },
  piscina: { file: 'piscina', threads: 1 },
  'piscina-500': { file: 'piscina-batches', threads: 2 },
  comlink: { file: 'comlink', threads: 1 },
  'node-stream': { file: 'node-stream', threads: 0 },
  'millrace-1': { file: 'millrace', threads: 1 },
  'millrace-2': { file: 'millrace', threads: 2 },
  'node:http': { file: 'http-node', threads: 0 },
  'millrace-http': { file: 'http-millrace', threads: 1 },
  'millrace-respond': { file: 'serve-millrace', threads: 1 },
  'millrace-http-inline': { file: 'http-millrace', threads: 0 },
  // The handler gives back the value that it got: the copy is the one that the runtime makes of every result.
  'millrace-1-view': { file: 'millrace', threads: 1, view: true },
  ...SERVE_CONTENDERS,
  ...KAFKA_CONTENDERS,
}

const HTTP_COUNTS = {
  'node:http': 200_000,
  'millrace-http': 200_000,
  'millrace-respond': 200_000,
  'millrace-http-inline': 200_000,
}

/**
 * `kind`: how a sample is taken. `ours`: whom the others are compared with. `counts`: messages of a run, by contender;
 * milliseconds where a run has a time. `isOnlyNamed`: measured only where --only names it. `quickContenders`: who takes part with
 * --quick, where that is not all. `roundsMin`, `roundsMax`: where the usual number of rounds is too few, or not worth its time. `quickMs`: with --quick, no
 * further round is begun that would end later. `rivals`: with whom of ours each is compared, where they differ. `full`: messages
 * of a run with --full.
 */
export const CASES = {
  'map-128': {
    kind: 'rate',
    about: 'generator → map (copy of 128 B) → sink, every message acknowledged',
    ours: 'millrace-1',
    quickMs: 17_000,
    counts: {
      loop: 8_000_000,
      'packed-1': 8_000_000,
      'packed-2': 8_000_000,
      postmessage: 400_000,
      'postmessage-500': 800_000,
      piscina: 120_000,
      'piscina-500': 600_000,
      comlink: 120_000,
      'node-stream': 5_000_000,
      'millrace-1': 8_000_000,
      'millrace-1-view': 8_000_000,
      'millrace-2': 8_000_000,
    },
  },
  'map-1k': {
    kind: 'rate',
    about: 'the same with 1 KB',
    ours: 'millrace-1',
    quickMs: 17_000,
    counts: {
      loop: 3_000_000,
      'packed-1': 3_000_000,
      'packed-2': 3_000_000,
      postmessage: 300_000,
      'postmessage-500': 400_000,
      piscina: 100_000,
      'piscina-500': 300_000,
      comlink: 120_000,
      'node-stream': 2_000_000,
      'millrace-1': 5_000_000,
      'millrace-1-view': 5_000_000,
      'millrace-2': 5_000_000,
    },
  },
  'cpu-1k': {
    kind: 'rate',
    about:
      'generator → map (JSON parse, change, HMAC-SHA256, stringify of 1 KB) → sink, every message acknowledged',
    ours: 'millrace-2',
    quickMs: 9_000,
    counts: { loop: 200_000, 'piscina-500': 200_000, 'millrace-1': 200_000, 'millrace-2': 300_000 },
  },
  'http-echo': {
    kind: 'http',
    about:
      'POST of 128 B → map (copy) → sink that answers with it; 64 connections, autocannon in its own process; every answer checked',
    ours: 'millrace-http',
    quickMs: 6_000,
    counts: HTTP_COUNTS,
  },
  'http-echo-p99': {
    kind: 'http-latency',
    about: 'the same: how long 99 of 100 requests take at most',
    ours: 'millrace-http',
    quickMs: 6_000,
    counts: HTTP_COUNTS,
  },
  'idle-cpu': {
    kind: 'idle',
    about: 'CPU time of a running topology with one message a second',
    ours: 'millrace-1',
    quickMs: 4_000,
    counts: { 'millrace-1': 0 },
    roundsMax: 3,
  },
  startup: {
    kind: 'startup',
    about:
      'from the start of the process to the first message on stdout; node: node -e "process.stdout.write(…)"',
    ours: 'millrace-1',
    quickMs: 9_000,
    counts: { node: 1, 'millrace-1': 1 },
    roundsMin: 5,
  },
  memory: {
    kind: 'memory',
    about:
      'map-128: resident memory at the end; what memory and heap (after a collection) grew by over the last 80 %',
    ours: 'millrace-2',
    quickMs: 9_000,
    counts: { loop: 8_000_000, 'millrace-2': 8_000_000 },
    roundsMax: 3,
  },
  ...SERVE_CASES,
  ...KAFKA_CASES,
}
