// The cases of Kafka: topic → map → topic with two sizes and two handlers, each end alone, and the latency at a light load.

/** How each contender is run: its file in contenders/, and for ours the driver of each end and the map threads. */
export const KAFKA_CONTENDERS = {
  'loop-kafkajs': { file: 'kafka-loop-kafkajs' },
  'loop-platformatic': { file: 'kafka-loop-platformatic' },
  'loop-mixed': { file: 'kafka-loop-mixed' },
  ...Object.fromEntries([1, 2].flatMap((threads) => ['kafkajs', 'platformatic', 'mixed'].map(ours(threads)))),
  'consume-kafkajs': { file: 'kafka-consume-kafkajs' },
  'consume-platformatic': { file: 'kafka-consume-platformatic' },
  'produce-kafkajs': { file: 'kafka-produce-kafkajs' },
  'produce-platformatic': { file: 'kafka-produce-platformatic' },
  // Java's own tools, as far as they go: they only read, or only write.
  'consume-java': { file: 'kafka-consume-java' },
  'produce-java': { file: 'kafka-produce-java' },
  // From its source: it wants a JDK.
  'loop-java': { file: 'kafka-loop-java' },
}

function ours(threads) {
  return (pair) => {
    const source = pair === 'mixed' ? 'kafkajs' : pair
    const sink = pair === 'mixed' ? 'platformatic' : pair
    return [`millrace-${pair}-${threads}`, { file: 'kafka-millrace', threads, source, sink }]
  }
}

const PAIRS = ['kafkajs', 'platformatic', 'mixed']
const SIZES = { 128: 600_000, 1024: 250_000 }
/** 200 µs each. */
const CPU_COUNT = 40_000
const RATE = 1_000
const FULL = 1_000_000

/** Each contender is compared with ours of the same client. */
function oursOf(threads, names) {
  return Object.fromEntries(names.map((pair) => [`loop-${pair}`, `millrace-${pair}-${threads}`]))
}

function counts(names, count) {
  return Object.fromEntries(names.map((name) => [name, count]))
}

const ROUNDS = { roundsMax: 5, quickMs: 0, isOnlyNamed: true }

function pipeCase(sizeBytes, count) {
  return {
    kind: 'kafka',
    about: `topic → map (copy of ${sizeBytes} B) → topic, 6 partitions, all written by acks=all and committed`,
    ours: 'millrace-platformatic-1',
    rivals: oursOf(1, PAIRS),
    handler: 'copy',
    sizeBytes,
    full: FULL,
    counts: counts(
      [...PAIRS.map((pair) => `loop-${pair}`), ...PAIRS.map((pair) => `millrace-${pair}-1`)],
      count,
    ),
    ...ROUNDS,
  }
}

function endCase(end, sizeBytes, count) {
  const verb = end === 'source' ? 'consume' : 'produce'
  const clients = ['kafkajs', 'platformatic']
  return {
    kind: end === 'source' ? 'kafka-source' : 'kafka-sink',
    about:
      end === 'source'
        ? `topic → sink that counts (${sizeBytes} B), committed; the clients alone`
        : `generator → topic (${sizeBytes} B), acks=all; the clients alone`,
    ours: 'millrace-platformatic-1',
    rivals: Object.fromEntries(clients.map((client) => [`${verb}-${client}`, `millrace-${client}-1`])),
    handler: 'copy',
    sizeBytes,
    full: FULL,
    counts: counts(
      [...clients.flatMap((client) => [`${verb}-${client}`, `millrace-${client}-1`]), `${verb}-java`],
      count,
    ),
    ...ROUNDS,
  }
}

export const KAFKA_CASES = {
  'kafka-128': pipeCase(128, SIZES[128]),
  'kafka-1k': pipeCase(1024, SIZES[1024]),
  'kafka-cpu': {
    ...pipeCase(128, CPU_COUNT),
    about: 'topic → map (200 µs of CPU, 128 B) → topic, 2 map threads',
    handler: 'cpu',
    ours: 'millrace-platformatic-2',
    rivals: oursOf(2, PAIRS),
    full: undefined,
    counts: counts(
      [...PAIRS.map((pair) => `loop-${pair}`), ...PAIRS.map((pair) => `millrace-${pair}-2`)],
      CPU_COUNT,
    ),
  },
  'kafka-java': {
    ...pipeCase(128, 0),
    rivals: {},
    counts: counts(['loop-java', ...PAIRS.map((pair) => `millrace-${pair}-1`)], FULL),
  },
  'kafka-source-128': endCase('source', 128, 2 * SIZES[128]),
  'kafka-source-1k': endCase('source', 1024, 2 * SIZES[1024]),
  'kafka-sink-128': endCase('sink', 128, SIZES[128]),
  'kafka-sink-1k': endCase('sink', 1024, SIZES[1024]),
  'kafka-latency': {
    ...pipeCase(128, 15 * RATE),
    kind: 'kafka-latency',
    about: `the same at ${RATE} msg/s: from the append of a record to the append of its result, by the broker's clock`,
    rate: RATE,
    full: undefined,
  },
}
