// `millrace/testing`: suites and benches for one's own sources and sinks. Exports only.

export type { Accepted } from './accepted.js'
export type { BenchResult } from './bench-result.js'
export { type BenchSinkOptions, benchSink } from './bench-sink.js'
export { type BenchSourceOptions, benchSource } from './bench-source.js'
export type { KafkaDriverContractOptions } from './kafka/driver-options.js'
export { kafkaDriverContract } from './kafka-driver-contract.js'
export { resultStoreContract } from './result-store-contract.js'
export type {
  MadeResultStore,
  MakeResultStore,
  ResultStoreContractOptions,
  WantedLimits,
} from './result-store-options.js'
export type { TestRunner } from './runner.js'
export { simulate } from './simulate.js'
export type { SimulatedMessage, SimulateOptions, SimulateResult } from './simulation/simulate-options.js'
export { sinkContract } from './sink-contract.js'
export type { MadeSink, MakeSink, SinkContractOptions } from './sink-options.js'
export { sourceContract } from './source-contract.js'
export type { MadeSource, MakeSource, SourceContractOptions } from './source-options.js'
