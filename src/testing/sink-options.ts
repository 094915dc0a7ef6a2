// What the user of a sink's suite gives to it: the maker of the sink, and options.

import type { Value } from '../kernel/codec.js'
import type { Sink } from '../sinks/sink.js'
import type { Accepted } from './accepted.js'
import type { TestRunner } from './runner.js'

/** A fresh sink, not opened yet, and ways to look behind it. */
export type MadeSink = {
  sink: Sink
  /**
   * Gives the values that are really there, in their order: the lines of the file, the bodies that the server got. It is
   * asked after answers, and after `close`. Without it the suite can't see whether an ok is true, and says so.
   */
  accepted?: () => Accepted | Promise<Accepted>
  /** A value that this sink answers with a failure, nack or fallback: then the suite sees what becomes of its neighbours. */
  refused?: Exclude<Value, null>
  /** Called at the end of the case, after `close`. */
  cleanup?: () => void | Promise<void>
}

/** Makes a sink for one case: its `accepted()` begins empty. */
export type MakeSink = () => Sink | MadeSink | Promise<Sink | MadeSink>

export type SinkContractOptions = TestRunner & {
  /** Title of the suite. Default 'sink contract'. */
  name?: string
  /** What the sink is in its topology. Default 'sink'. */
  role?: 'sink' | 'fallback' | 'onSuccess'
  /** The most that one open, write or close may take, in ms. Default: the sink's `writeTimeoutMs`, at most 30,000. */
  timeoutMs?: number
  /** False where the sink's format ends each value with a line break: then no value of the suite holds one. Default true. */
  lineBreaks?: boolean
  /** Makes ordinary value number n, where the sink does not take every text; all different. Default: `value-${n}`. */
  value?: (n: number) => string | Uint8Array
  /** Inputs of the randomised case, each with a sink of its own; 0 for none. Default 30. */
  runs?: number
  /** Seed of the randomised case, as a failure names it. Default: a new one each time, printed. */
  seed?: number
}
