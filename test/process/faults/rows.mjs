// All rows, in the order of the matrix.

import { handlerThrows } from './rows/f01-handler-throws.mjs'
import { poison } from './rows/f02-poison.mjs'
import { threadDiesKey, threadDiesNone, threadDiesSource, threadPoison } from './rows/f03-thread-dies.mjs'
import { handlerHangs } from './rows/f04-handler-hangs.mjs'
import { readerDies, sinkDies } from './rows/f05-ends-die.mjs'
import { heapFull } from './rows/f06-heap-full.mjs'
import { sigkillCheckpoint, sigkillFile, sigkillFromStart, sigkillRemembered } from './rows/f07-sigkill.mjs'
import { sigtermCheckpoint, sigtermRemembered } from './rows/f08-sigterm.mjs'
import { stuck } from './rows/f09-stuck.mjs'
import { slowSinkHttp } from './rows/f10-http.mjs'
import { slowAcks } from './rows/f10-slow-acks.mjs'
import { slowSink } from './rows/f10-slow-sink.mjs'
import { sinkDown } from './rows/f11-sink-down.mjs'
import { silentSink } from './rows/f12-silent-sink.mjs'
import { storeDamaged } from './rows/f17-checkpoint-store.mjs'
import { diskFails, diskFull } from './rows/f17-disk-fails.mjs'
import { descriptors } from './rows/f18-descriptors.mjs'
import { descriptorsHttp } from './rows/f18-http.mjs'
import { stopped } from './rows/f19-stopped.mjs'
import { burst } from './rows/f20-burst.mjs'
import { oddMessages } from './rows/f21-odd-messages.mjs'
import { badConfig } from './rows/f23-bad-config.mjs'
import { clientsLeave } from './rows/f24-clients-leave.mjs'
import { fallbackDown } from './rows/f25-fallback-down.mjs'
import { soak } from './rows/f26-soak.mjs'

/** @type {readonly import('./row.mjs').Row[]} */
export const ROWS = [
  handlerThrows,
  poison,
  threadDiesNone,
  threadDiesKey,
  threadDiesSource,
  threadPoison,
  handlerHangs,
  sinkDies,
  readerDies,
  heapFull,
  sigkillFromStart,
  sigkillRemembered,
  sigkillCheckpoint,
  sigkillFile,
  sigtermRemembered,
  sigtermCheckpoint,
  stuck,
  slowSink,
  slowSinkHttp,
  slowAcks,
  sinkDown,
  silentSink,
  storeDamaged,
  diskFull,
  diskFails,
  descriptors,
  descriptorsHttp,
  stopped,
  burst,
  oddMessages,
  badConfig,
  clientsLeave,
  fallbackDown,
  soak,
]
