// What the user of a source's suite gives to it: the maker of the source, and options.

import type { Value } from '../kernel/codec.js'
import type { Source } from '../sources/source.js'
import type { TestRunner } from './runner.js'

/** A fresh source, not opened yet. */
export type MadeSource = {
  source: Source
  /** The values that it gives, all of them, in their order where the source is `ordered`. */
  expected?: readonly Value[]
  /** Called at the end of the case, after `close`. */
  cleanup?: () => void | Promise<void>
}

/** Makes a source for one case: each gives the same records from the beginning. */
export type MakeSource = () => Source | MadeSource | Promise<Source | MadeSource>

export type SourceContractOptions = TestRunner & {
  /** Title of the suite. Default 'source contract'. */
  name?: string
  /** How many records a case reads at most of a source that does not end before. Default 1,000. */
  limit?: number
  /** True where `read` never gives null: then no case asks for an end, and none reads more than `expected`. Default false. */
  endless?: boolean
  /** True where a successor that is opened with `resume` goes on from there. Default false. */
  resumable?: boolean
  /** The largest value that the source may give, in bytes. Default 1 MiB. */
  messageBytesMax?: number
  /** How long a call may take, and `read` may give nothing, in ms. Default 10,000. */
  timeoutMs?: number
  /** How long a waiting `read` may go on after the signal was aborted, in ms. Default 1,000. */
  abortMs?: number
  /** Inputs of the randomised case, each with a source of its own; 0 for none. Default 30. */
  runs?: number
  /** Seed of the randomised case, as a failure names it. Default: a new one each time, printed. */
  seed?: number
}
