// The options that all result stores have, checked and with their defaults.

import { checkInteger, checkNames } from '../kernel/options.js'
import type { ShelfLimits } from './shelf.js'

export type ResultOptions = {
  /** How long a result is kept, in ms. Default 600,000. */
  keepMs?: number
  /** What all entries may take; at most half of it is for requests. Beyond it the oldest results go. Default 64 MiB. */
  bytes?: number
}

const NAMES = ['keepMs', 'bytes']
const KEEP_MS = 600_000
const KEEP_MS_MAX = 30 * 86_400_000
const BYTES = 64 * 1024 * 1024
const BYTES_MIN = 4_096
/** All of it is in memory, and goes to a new file as a whole where one is broken. */
const BYTES_MAX = 256 * 1024 * 1024

/** Throws ERR_CONFIG for unusable options. `others`: names of options that are not looked at here. */
export function limitsOf(
  where: string,
  options: ResultOptions,
  others: readonly string[],
  example: string,
): ShelfLimits {
  checkNames(where, options, [...others, ...NAMES], example)
  const { keepMs = KEEP_MS, bytes = BYTES } = options
  checkInteger(`${where}: keepMs`, keepMs, 1, KEEP_MS_MAX)
  checkInteger(`${where}: bytes`, bytes, BYTES_MIN, BYTES_MAX)
  return { keepMs, bytes }
}
