// What follows messages through the actors of a thread, where they are traced. It says nothing of who traces, and how.

import type { Message } from '../kernel/message.js'
import type { Sink } from '../sinks/sink.js'
import type { SourceRecord } from '../sources/source.js'
import type { MapHandler } from './map-handler.js'

export type ActorTracing = {
  /** For a reader, whose life has this epoch. */
  source(name: string, epoch: number): RecordTrace
  /** Gives the handler to call in place of that one. */
  handler(stage: string, handler: MapHandler): TracedHandler
  /** Gives the sink to write to in place of that one. */
  sink(name: string, sink: Sink): TracedSink
}

export type RecordTrace = {
  /** Gives the records with their trace context; the first of them will have this sequence, the next one more. */
  received(records: readonly SourceRecord[], sequence: number): readonly SourceRecord[]
  /** The root with this sequence is complete. */
  settled(sequence: number, isNacked: boolean): void
}

export type TracedHandler = {
  handler: MapHandler
  /** The call for this message takes too long, and nobody waits for it any more. */
  gaveUp: (message: Message, error: unknown) => void
}

export type TracedSink = {
  sink: Sink
  /** The write of this batch takes too long, and nobody waits for it any more. */
  gaveUp: (batch: readonly Message[], error: unknown) => void
}
