// A strict reader of the Prometheus text format 0.0.4: it throws for whatever a lenient one would let pass.

export type Sample = { name: string; labels: Record<string, string>; value: number }
export type Family = { name: string; type: string; help: string; samples: Sample[] }

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/
const NUMBER = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|\+Inf|-Inf|NaN)$/
const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped']

/** Gives the families by name. */
export function parsePrometheus(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const families = new Map<string, Family>()
  let current: Family | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    const [, word, name, rest] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (word === 'HELP') {
      if (!NAME.test(name) || families.has(name)) throw new Error(`a second or unusable family: ${line}`)
      current = { name, type: '', help: rest, samples: [] }
      families.set(name, current)
    } else if (word === 'TYPE') {
      if (current?.name !== name || current.type !== '' || !TYPES.includes(rest))
        throw new Error(`TYPE: ${line}`)
      current.type = rest
    } else if (line === '' || line.startsWith('#')) throw new Error(`neither help nor a sample: ${line}`)
    else addTo(current, sampleOf(line))
  }
  for (const family of families.values()) check(family)
  return families
}

/** Gives the value of the one sample with these labels, besides those that all have. */
export function sampleValue(
  families: Map<string, Family>,
  name: string,
  labels: Record<string, string> = {},
): number {
  const base = families.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '')
  const all = families.get(base)?.samples.filter((sample) => sample.name === name) ?? []
  const found = all.filter((sample) =>
    Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  )
  if (found.length !== 1) throw new Error(`${name} ${JSON.stringify(labels)}: ${found.length} samples`)
  return found[0].value
}

function addTo(family: Family | undefined, sample: Sample): void {
  if (family === undefined || family.type === '')
    throw new Error(`${sample.name} has no HELP and TYPE before it`)
  const base = family.type === 'histogram' ? sample.name.replace(/_(bucket|sum|count)$/, '') : sample.name
  if (base !== family.name || (family.type === 'histogram' && base === sample.name))
    throw new Error(`${sample.name} among the samples of ${family.name}`)
  family.samples.push(sample)
}

function sampleOf(line: string): Sample {
  const [, name, body, value] = /^([^{\s]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
  if (name === undefined || !NAME.test(name) || !NUMBER.test(value)) throw new Error(`no sample: ${line}`)
  return { name, labels: labelsOf(body ?? '', line), value: numberOf(value) }
}

function labelsOf(body: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {}
  for (let left = body; left !== ''; ) {
    const match = LABEL.exec(left)
    if (match === null || match[1] in labels) throw new Error(`labels: ${line}`)
    labels[match[1]] = match[2].replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))
    left = left.slice(match[0].length)
    if (left !== '' && !left.startsWith(',')) throw new Error(`labels: ${line}`)
    left = left.slice(1)
  }
  return labels
}

function numberOf(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text)
}

function check({ name, type, samples }: Family): void {
  if (type === '') throw new Error(`${name} has no TYPE`)
  if (type === 'counter' && !name.endsWith('_total')) throw new Error(`a counter without _total: ${name}`)
  if (type === 'counter' && samples.some(({ value }) => !(value >= 0))) throw new Error(`${name} is negative`)
  const series = samples.map((sample) => `${sample.name} ${keyOf(sample)} ${sample.labels.le ?? ''}`)
  if (new Set(series).size !== series.length) throw new Error(`${name} has a series twice`)
  if (type === 'histogram') for (const group of groupsOf(samples)) checkHistogram(name, group)
}

function checkHistogram(name: string, samples: readonly Sample[]): void {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`)
  const [sum, count] = ['sum', 'count'].map((part) =>
    samples.find((sample) => sample.name === `${name}_${part}`),
  )
  const bounds = buckets.map(({ labels }) => numberOf(labels.le))
  if (sum === undefined || count === undefined) throw new Error(`${name} has no sum or count`)
  if (bounds.some((bound, i) => Number.isNaN(bound) || (i > 0 && bound <= bounds[i - 1])))
    throw new Error(`${name}: its bounds do not grow`)
  if (bounds[bounds.length - 1] !== Number.POSITIVE_INFINITY) throw new Error(`${name} has no +Inf`)
  if (buckets.some(({ value }, i) => i > 0 && value < buckets[i - 1].value))
    throw new Error(`${name} is not cumulative`)
  if (buckets[buckets.length - 1].value !== count.value) throw new Error(`${name}: +Inf is not its count`)
}

function groupsOf(samples: readonly Sample[]): Sample[][] {
  const groups = new Map<string, Sample[]>()
  for (const sample of samples) groups.set(keyOf(sample), [...(groups.get(keyOf(sample)) ?? []), sample])
  return [...groups.values()]
}

function keyOf({ labels }: Sample): string {
  const { le: _, ...others } = labels
  return JSON.stringify(Object.entries(others).sort())
}
