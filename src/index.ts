// The public surface of millrace, and nothing else.

export type { MapContext, MapHandler, MapOutput, MapResult, Output } from './actors/map-handler.js'
export {
  type KafkaRecord,
  type KafkaSinkOptions,
  type KafkaSourceOptions,
  type KafkaStart,
  type KafkaTopic,
  kafka,
} from './kafka.js'
export type { Headers, HeaderValue } from './kernel/codec.js'
export { ERRORS, type ErrorCode, isMillraceError, MillraceError } from './kernel/failure.js'
export type { Log, LogLevel, LogRecord, LogWriter } from './kernel/log.js'
export type { Message } from './kernel/message.js'
export type { Backoff, OnExhausted, RetryOptions } from './kernel/retry.js'
export { type LmdbResultsOptions, lmdbResults } from './results/lmdb-results.js'
export { type MemoryResultsOptions, memoryResults } from './results/memory-results.js'
export type { Acceptance, ResultStore, StoredResult, UnfinishedRequest } from './results/result-store.js'
export { blackhole } from './sinks/blackhole.js'
export { file } from './sinks/file.js'
export { log } from './sinks/log.js'
export { respond } from './sinks/respond.js'
export { Response } from './sinks/response.js'
export type { OnSuccessMessage, Sink, SinkContext } from './sinks/sink.js'
export { generator } from './sources/generator.js'
export { type HttpOptions, http } from './sources/http.js'
export { lines } from './sources/lines.js'
export { type ServingOptions, serving } from './sources/serving.js'
export type {
  Answer,
  Source,
  SourceAck,
  SourceContext,
  SourceNack,
  SourcePosition,
  SourceRecord,
  SourceThread,
} from './sources/source.js'
export { defineTopology, isTopology } from './topology/define.js'
export type {
  ActorView,
  Counts,
  Inspection,
  LastError,
  MailboxView,
  Progress,
  Running,
  Summary,
} from './topology/running.js'
export { run, type StartOptions, start } from './topology/start.js'
export type {
  AdminOptions,
  DegradeOptions,
  Limits,
  MapBranch,
  MapBranches,
  MapStage,
  Order,
  Route,
  TagCondition,
  Topology,
  TopologyOptions,
} from './topology/types.js'
