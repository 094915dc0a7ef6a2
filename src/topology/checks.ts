// What several options say together: names, routes, orders, and a fallback for what is to go there.
// The options have passed the schema, but for unknown keys.

import { nearest } from '../kernel/nearest.js'
import type { RetryOptions } from '../kernel/retry.js'
import { list, show } from '../kernel/show.js'
import type { Sink } from '../sinks/sink.js'
import { NAME_PATTERN, NAME_WANTED } from './names.js'
import { pathText, problem } from './problems.js'
import { hasBranches, levelsOf, stagesOf } from './stages.js'
import type { Order, TopologyOptions } from './types.js'

/** What a route may name besides the names of `sinks`; no entry of `sinks` may be called so. */
const RESERVED_NAMES = ['sink', 'fallback', 'onSuccess', 'drop'] as const

/** Gives a line for each contradiction. */
export function contradictionsOf(options: TopologyOptions): string[] {
  return [
    ...sinkNameProblems(options),
    ...stageNameProblems(options),
    ...branchProblems(options),
    ...orderProblems(options),
    ...retryProblems(options),
    ...routeProblems(options),
  ]
}

function sinkNameProblems({ sinks = {} }: TopologyOptions): string[] {
  const lines: string[] = []
  for (const name of Object.keys(sinks)) {
    const path = ['sinks', name]
    if (isReserved(name))
      lines.push(problem(path, 'a reserved name', `a name other than ${list(RESERVED_NAMES)}`))
    else if (!NAME_PATTERN.test(name)) lines.push(problem(path, `the name ${show(name)}`, NAME_WANTED))
  }
  return lines
}

function stageNameProblems({ map, sinks = {} }: TopologyOptions): string[] {
  const taken = new Set<string>(['source', ...RESERVED_NAMES, ...Object.keys(sinks)])
  const lines: string[] = []
  // Branches have the name of their stage before their own.
  for (const { name, path } of [...levelsOf(map), ...stagesOf(map).filter(({ branchOf }) => branchOf)]) {
    if (taken.has(name)) lines.push(problem([...path, 'name'], show(name), 'a name that nothing else has'))
    else if (!NAME_PATTERN.test(name))
      lines.push(problem([...path, 'name'], `${show(name)} in full`, NAME_WANTED))
    taken.add(name)
  }
  return lines
}

// Each message has a branch, and each branch may have messages. What branches make overtakes each other: that is what they are for.
function branchProblems({ map, order }: TopologyOptions): string[] {
  const lines: string[] = []
  for (const { given, path } of levelsOf(map)) {
    if (!hasBranches(given)) continue
    given.branches.forEach(({ when }, index) => {
      const isLast = index === given.branches.length - 1
      const at = [...path, 'branches', index, 'when']
      if (isLast && when !== undefined) lines.push(problem(at, show(when), LAST_WANTED))
      else if (!isLast && when === undefined) lines.push(problem(at, 'nothing', CONDITION_WANTED))
    })
    const where = order === 'source' ? ['order'] : given.order === 'source' ? [...path, 'order'] : undefined
    if (where !== undefined) lines.push(problem(where, '"source" with branches', ORDER_WANTED))
  }
  return lines
}

const LAST_WANTED = 'nothing: the last branch takes all that no other takes'
const CONDITION_WANTED = 'a condition on tags: only the last branch takes everything else'
const ONE_STREAM_WANTED = '"key" or "none", or a source with threads: 1'
const ORDER_WANTED = '"key" or "none": messages of different branches overtake each other'

// A topology keeps one order, wherever it is written. There is none across the threads of a source.
function orderProblems({ map, order, source }: TopologyOptions): string[] {
  let first: { order: Order; path: string } | undefined = order && { order, path: 'order' }
  const lines: string[] = []
  for (const { given, path } of levelsOf(map)) {
    if (given.order === undefined) continue
    if (first === undefined) first = { order: given.order, path: pathText([...path, 'order']) }
    else if (given.order !== first.order) {
      const wanted = `${show(first.order)} as in ${first.path}: a topology keeps one order`
      lines.push(problem([...path, 'order'], show(given.order), wanted))
    }
  }
  const { threads = 1 } = source
  if (threads > 1 && first?.order === 'source')
    lines.push(`${first.path}: got "source" with a source on ${threads} threads, wanted ${ONE_STREAM_WANTED}`)
  return lines
}

function retryProblems(options: TopologyOptions): string[] {
  const lines = fallbackRetryProblems(options.fallback?.retry)
  if (options.fallback !== undefined) return lines
  const places: [readonly (string | number)[], RetryOptions | undefined][] = [
    [[], options.retry],
    ...stagesOf(options.map).map(
      ({ stage, path }) => [path, stage.retry] as [typeof path, typeof stage.retry],
    ),
    [['sink'], options.sink.retry],
    ...entries(options.sinks).map(
      ([name, sink]) => [['sinks', name], sink.retry] as [string[], typeof sink.retry],
    ),
    [['onSuccess'], options.onSuccess?.retry],
  ]
  for (const [path, retry] of places) {
    if (retry?.onExhausted !== 'fallback') continue
    lines.push(
      problem(
        [...path, 'retry', 'onExhausted'],
        '"fallback" without a fallback sink',
        'a sink as `fallback`, or "drop", "nack" or "stop"',
      ),
    )
  }
  return lines
}

// A fallback sink is the last resort: were its attempts limited, a message would be lost or the limit ignored.
function fallbackRetryProblems(retry: RetryOptions | undefined): string[] {
  const lines: string[] = []
  const { attempts, onExhausted } = retry ?? {}
  if (attempts !== undefined && attempts !== Infinity) {
    lines.push(
      problem(
        ['fallback', 'retry', 'attempts'],
        show(attempts),
        'Infinity, or nothing: a fallback sink keeps trying',
      ),
    )
  }
  if (onExhausted !== undefined) {
    lines.push(
      problem(
        ['fallback', 'retry', 'onExhausted'],
        show(onExhausted),
        'nothing: a fallback sink keeps trying',
      ),
    )
  }
  return lines
}

function routeProblems(options: TopologyOptions): string[] {
  const names = [...RESERVED_NAMES, ...Object.keys(options.sinks ?? {})]
  return (options.routes ?? []).flatMap(({ to }, index) => {
    const targets = typeof to === 'string' ? [to] : to
    return targets.flatMap((name, at) => {
      const path = ['routes', index, 'to', ...(typeof to === 'string' ? [] : [at])]
      return targetProblems(name, targets, at, path, names, options)
    })
  })
}

function targetProblems(
  name: string,
  targets: readonly string[],
  at: number,
  path: readonly (string | number)[],
  names: readonly string[],
  options: TopologyOptions,
): string[] {
  if (!names.includes(name)) {
    const meant = nearest(name, names)
    return [
      `${problem(path, show(name), `one of ${list(names, 'or')}`)}${meant === undefined ? '' : `; did you mean "${meant}"?`}`,
    ]
  }
  if (targets.indexOf(name) !== at) return [problem(path, `${show(name)} twice`, 'each name once')]
  if (name === 'drop' && targets.length > 1)
    return [problem(path, '"drop" beside other names', '"drop" alone, or sinks')]
  const missing = (name === 'fallback' || name === 'onSuccess') && options[name] === undefined
  return missing
    ? [problem(path, `${show(name)} without such a sink`, `a sink as \`${name}\`, or another name`)]
    : []
}

function isReserved(name: string): boolean {
  return (RESERVED_NAMES as readonly string[]).includes(name)
}

function entries(sinks: Readonly<Record<string, Sink>> | undefined): [string, Sink][] {
  return Object.entries(sinks ?? {})
}
