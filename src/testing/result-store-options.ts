// What the user of a result store's suite gives to it: the maker of the store, and options.

import type { ResultStore } from '../results/result-store.js'
import type { TestRunner } from './runner.js'

/** A fresh store, not opened yet, that holds nothing. */
export type MadeResultStore = {
  store: ResultStore
  /** Gives another store over the same data, where it is durable: the one before was closed, or is as good as dead. */
  reopen?: () => ResultStore | Promise<ResultStore>
  /** Called at the end of the case, after `close`. */
  cleanup?: () => void | Promise<void>
}

/** What a case wants of a store: short-lived results, or little room. */
export type WantedLimits = { keepMs?: number; bytes?: number }

/** Makes a store for one case. */
export type MakeResultStore = (
  limits: WantedLimits,
) => ResultStore | MadeResultStore | Promise<ResultStore | MadeResultStore>

export type ResultStoreContractOptions = TestRunner & {
  /** Title of the suite. Default 'result store contract'. */
  name?: string
  /** True where `make` heeds the limits that it is given. Default false: then nothing is said of time and room. */
  limited?: boolean
  /** The largest request or result, in bytes. Default 1 MiB. */
  valueBytesMax?: number
  /** How long a call may take, in ms. Default 10,000. */
  timeoutMs?: number
  /** Inputs of the randomised case, each with a store of its own; 0 for none. Default 30. */
  runs?: number
  /** Seed of the randomised case, as a failure names it. Default: a new one each time, printed. */
  seed?: number
}
