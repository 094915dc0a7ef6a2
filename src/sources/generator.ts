// The source of synthetic records, for examples, tests and benchmarks: each is a function of its index.

import { assert } from '../kernel/failure.js'
import { checkInteger, checkNames, unusable } from '../kernel/options.js'
import type { GeneratorSource } from './generator/generator-source.js'
import type { Source, SourceContext } from './source.js'

export type GeneratorOptions = {
  /** How many records. Default: no end. */
  count?: number
  /** Records per second. Default: no limit. */
  rate?: number
  /** Size of a value, 0 to 64 MiB. Default 128. */
  sizeBytes?: number
  /** How many different keys there are: `key-0`, `key-1`… in turn. Default: no keys. */
  keys?: number
}

const NAMES = ['count', 'rate', 'sizeBytes', 'keys']
const SIZE_BYTES_MAX = 67_108_864

/**
 * Makes records with the offsets 0, 1, 2… until there are `count`. A nacked one is made again when its delay is over, also
 * after the end was told. Throws ERR_CONFIG for unusable options.
 */
export function generator(options: GeneratorOptions = {}): Source {
  checkNames('generator', options, NAMES, '{ count: 1000 }')
  const { count, rate, sizeBytes = 128, keys } = options
  checkInteger('generator: count', count, 0, Number.MAX_SAFE_INTEGER)
  checkInteger('generator: sizeBytes', sizeBytes, 0, SIZE_BYTES_MAX)
  checkInteger('generator: keys', keys, 1, Number.MAX_SAFE_INTEGER)
  if (rate !== undefined && !(typeof rate === 'number' && rate > 0 && rate < Infinity)) {
    throw unusable('generator: rate', rate, 'a number of records per second above 0')
  }
  let source: GeneratorSource | undefined
  return {
    name: 'generator',
    ordered: true,
    async open(context: SourceContext) {
      // Every thread imports this file, and one of them reads.
      const { GeneratorSource } = await import('./generator/generator-source.js')
      source = new GeneratorSource(count ?? Infinity, rate ?? Infinity, sizeBytes, keys ?? 0)
      source.open(context)
    },
    read(max) {
      assert(source !== undefined, 'generator: open comes before read')
      return source.read(max)
    },
    nack: (nacks) => source?.nack(nacks),
    close: () => source?.close(),
    ...(count !== undefined && { total: count, pending: () => source?.pending() ?? count }),
  }
}
