// The text format of Prometheus, version 0.0.4: families of samples, each with its help and type before it.

export type Labels = Readonly<Record<string, string>>
export type MetricType = 'counter' | 'gauge' | 'histogram'

export class MetricsText {
  private readonly lines: string[] = []
  private readonly common: string

  /** `common`: labels of all samples. */
  constructor(common: Labels) {
    this.common = pairsOf(common)
  }

  /** Begins a family: its samples come next. */
  family(name: string, type: MetricType, help: string): void {
    this.lines.push(
      `# HELP ${name} ${help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}`,
      `# TYPE ${name} ${type}`,
    )
  }

  sample(name: string, value: number, labels?: Labels): void {
    this.lines.push(`${name}{${this.labelText(labels)}} ${numberText(value)}`)
  }

  /** A family of one sample. */
  single(name: string, type: MetricType, help: string, value: number): void {
    this.family(name, type, help)
    this.sample(name, value)
  }

  /** A histogram's samples: `counts` are cumulative, one a bound, and `total` is that of all. */
  histogram(
    name: string,
    bounds: readonly number[],
    counts: readonly number[],
    total: number,
    sum: number,
    labels?: Labels,
  ): void {
    const pairs = this.labelText(labels)
    const { lines } = this
    for (let i = 0; i < bounds.length; i++)
      lines.push(`${name}_bucket{${pairs},le="${bounds[i]}"} ${counts[i]}`)
    lines.push(`${name}_bucket{${pairs},le="+Inf"} ${total}`)
    lines.push(`${name}_sum{${pairs}} ${numberText(sum)}`, `${name}_count{${pairs}} ${total}`)
  }

  get text(): string {
    return `${this.lines.join('\n')}\n`
  }

  private labelText(labels: Labels | undefined): string {
    return labels === undefined ? this.common : `${this.common},${pairsOf(labels)}`
  }
}

function pairsOf(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')
}

function escaped(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"')
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '+Inf' : '-Inf'
}
