// The options of the source `serving`, checked and with their defaults.

import { checkInteger, checkNames, unusable } from '../../kernel/options.js'
import { memoryResults } from '../../results/memory-results.js'
import type { ResultStore } from '../../results/result-store.js'
import { checkPath, REQUEST_OPTIONS, type RequestSettings, settingsOf } from '../requests/settings.js'
import type { ServingOptions } from '../serving.js'
import type { ServingClass } from './class-options.js'
import type { RequestRoute } from './request-route.js'
import type { StandardSchema } from './standard-schema.js'

export type ServingSettings = RequestSettings & {
  duplicates: 'reject' | 'join'
  dedupe: boolean
  /** Undefined: nothing is kept, and nothing accepted. */
  results: ResultStore | undefined
  /** Undefined: no more than `inFlight`. */
  concurrency: { min: number; max: number } | undefined
  /** False: there is one class for all, which has no tag. */
  hasClasses: boolean
  /** At least one; the first is that of requests which name none. */
  classes: readonly Omit<ServingClass, 'branch'>[]
  classHeader: string | undefined
  routes: readonly RequestRoute[]
  schema: StandardSchema | undefined
  openapi: { title: string; version: string; description?: string }
}

/** The class of all requests where there are no classes. */
const DEFAULT_CLASS = 'default'

const OWN_OPTIONS = [
  'duplicates',
  'dedupe',
  'results',
  'concurrency',
  'classes',
  'classHeader',
  'routes',
  'schema',
  'openapi',
]
const EXAMPLE = '{ port: 8080 }'
const PATH = '/v1/process'
/** Deadlines are looked at this often, in ms. */
const TICK_MS_MAX = 20
const CONCURRENCY_MIN = 64
const CLASSES = '{ interactive: { weight: 4 }, batch: { weight: 1 } }'
const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/
const WANTED_NAME = 'a name of letters, digits, `-`, `_` and `.`'
const HEADER = /^[a-z0-9!#$%&'*+.^_`|~-]+$/
const WANTED_HEADER = "the name of a header in lower case, such as 'x-priority'"
const WANTED_SCHEMA = 'a Standard Schema, such as one of zod or valibot'

/** Throws ERR_CONFIG for unusable options. */
export function servingSettingsOf(options: ServingOptions): ServingSettings {
  checkNames('serving', options, [...REQUEST_OPTIONS, ...OWN_OPTIONS], EXAMPLE)
  const { duplicates = 'reject', results = memoryResults(), schema } = options
  const { dedupe = results !== false } = options
  const { routes = [], classHeader, openapi = {} } = options
  const settings = settingsOf('serving', { path: PATH, ...options }, EXAMPLE)
  if (duplicates !== 'reject' && duplicates !== 'join')
    throw unusable('serving: duplicates', duplicates, "'reject' or 'join'")
  if (typeof dedupe !== 'boolean') throw unusable('serving: dedupe', dedupe, 'true or false')
  if (results !== false) checkResults(results)
  else if (dedupe) throw unusable('serving: dedupe', dedupe, 'false, or nothing, where results is false')
  if (settings.threads > 1 && results !== false)
    throw unusable(
      'serving: threads',
      settings.threads,
      '1, or results: false: results are kept on one thread',
    )
  if (schema !== undefined && !isStandardSchema(schema))
    throw unusable('serving: schema', schema, WANTED_SCHEMA)
  const classes = classesOf(options.classes)
  if (classHeader !== undefined && !isText(classHeader, HEADER))
    throw unusable('serving: classHeader', classHeader, WANTED_HEADER)
  if (classHeader !== undefined && options.classes === undefined)
    throw unusable('serving: classHeader', classHeader, `none, or classes beside it, such as ${CLASSES}`)
  checkRoutes(
    routes,
    classes.map(({ name }) => name),
  )
  checkOpenApi(openapi)
  return {
    ...settings,
    // A path that ends with a slash means the same.
    path: settings.path.replace(/\/+$/, ''),
    tickMs: Math.min(TICK_MS_MAX, settings.tickMs),
    duplicates,
    dedupe,
    results: results === false ? undefined : results,
    concurrency: concurrencyOf(options.concurrency, settings.inFlight),
    hasClasses: options.classes !== undefined,
    classes,
    classHeader,
    routes,
    schema,
    openapi: { ...openapi, title: openapi.title ?? 'Millrace serving', version: openapi.version ?? '1' },
  }
}

function checkOpenApi(openapi: unknown): void {
  checkNames('serving: openapi', openapi, ['title', 'version', 'description'], "{ title: 'Orders' }")
  for (const [name, value] of Object.entries(openapi as object))
    if (value !== undefined && typeof value !== 'string')
      throw unusable(`serving: openapi.${name}`, value, 'a text')
}

function checkResults(results: unknown): void {
  const methods = ['accept', 'finish', 'forget', 'get', 'unfinished'] as const
  const given = (results ?? {}) as Record<string, unknown>
  if (methods.every((name) => typeof given[name] === 'function')) return
  throw unusable(
    'serving: results',
    results,
    'a result store: memoryResults(), lmdbResults(…) or one of your own; or false',
  )
}

function concurrencyOf(
  given: ServingOptions['concurrency'],
  inFlight: number,
): ServingSettings['concurrency'] {
  if (given === false) return undefined
  if (given !== undefined) checkNames('serving: concurrency', given, ['min', 'max'], '{ min: 64, max: 512 }')
  const { min = Math.min(CONCURRENCY_MIN, given?.max ?? inFlight), max = inFlight } = given ?? {}
  checkInteger('serving: concurrency.min', min, 1, inFlight)
  checkInteger('serving: concurrency.max', max, min, inFlight)
  return { min, max }
}

function classesOf(given: ServingOptions['classes']): ServingSettings['classes'] {
  if (given === undefined) return [{ name: DEFAULT_CLASS, weight: 1, inFlight: Number.POSITIVE_INFINITY }]
  checkNames('serving: classes', given, Object.keys(Object(given)), CLASSES)
  if (Object.keys(given).length === 0)
    throw unusable('serving: classes', given, `at least one, such as ${CLASSES}`)
  return Object.entries(given).map(([name, options]) => {
    const where = `serving: classes.${name}`
    if (!NAME.test(name)) throw unusable('serving: classes', name, WANTED_NAME)
    checkNames(where, options, ['weight', 'inFlight'], '{ weight: 4 }')
    const { weight = 1, inFlight } = options
    if (typeof weight !== 'number' || !(weight > 0 && weight <= 1_000))
      throw unusable(`${where}.weight`, weight, 'a number above 0, at most 1,000')
    checkInteger(`${where}.inFlight`, inFlight, 1, 1_048_576)
    return { name, weight, inFlight: inFlight ?? Number.POSITIVE_INFINITY }
  })
}

function checkRoutes(routes: unknown, classes: readonly string[]): asserts routes is readonly RequestRoute[] {
  if (!Array.isArray(routes))
    throw unusable('serving: routes', routes, "a list such as [{ tag: 'canary', share: 0.05 }]")
  for (const [number, route] of routes.entries()) checkRoute(`serving: routes[${number}]`, route, classes)
}

const ROUTE_OPTIONS = ['tag', 'path', 'headers', 'when', 'share', 'sticky', 'class', 'schema']

function checkRoute(where: string, route: RequestRoute, classes: readonly string[]): void {
  checkNames(where, route, ROUTE_OPTIONS, "{ tag: 'canary', share: 0.05 }")
  const { tag, path, headers = {}, when, share, sticky, schema } = route
  if (!isText(tag, NAME)) throw unusable(`${where}.tag`, tag, WANTED_NAME)
  if (path !== undefined) checkPath(`${where}.path`, path)
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers))
    throw unusable(`${where}.headers`, headers, 'names and values')
  for (const [name, value] of Object.entries(headers)) {
    if (!isText(name, HEADER)) throw unusable(`${where}.headers`, name, WANTED_HEADER)
    if (typeof value !== 'string') throw unusable(`${where}.headers.${name}`, value, 'a text')
  }
  if (when !== undefined && typeof when !== 'function')
    throw unusable(`${where}.when`, when, 'a function of the request')
  if (share !== undefined && !(typeof share === 'number' && share >= 0 && share <= 1))
    throw unusable(`${where}.share`, share, 'a number from 0 to 1')
  if (sticky !== undefined && !isText(sticky, HEADER))
    throw unusable(`${where}.sticky`, sticky, WANTED_HEADER)
  if (route.class !== undefined && !classes.includes(route.class))
    throw unusable(`${where}.class`, route.class, `one of classes: ${classes.join(', ')}`)
  if (schema !== undefined && !isStandardSchema(schema))
    throw unusable(`${where}.schema`, schema, WANTED_SCHEMA)
}

function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value)
}

function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const { '~standard': standard } = value as { '~standard'?: { validate?: unknown } }
  return typeof standard?.validate === 'function'
}
