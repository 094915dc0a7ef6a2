// `millrace graph <module>`: what a topology becomes on this machine, without running it.

import { loadModule } from './load-module.js'
import { wordOf } from './option-value.js'
import type { Verb } from './verb.js'

const FORMATS = ['text', 'mermaid', 'json'] as const
type Format = (typeof FORMATS)[number]

export const graphVerb: Verb = {
  name: 'graph',
  summary: 'Show the plan of a topology: actors, threads, mailboxes, memory, order, retry.',
  operands: ['module'],
  options: {
    format: { type: 'string', value: 'format', help: `${FORMATS.join(', ')}; default text.` },
  },
  notes: 'The plan is that of this machine: how many map threads there are by default depends on its cores.',
  async main(operands, options, io) {
    const format = wordOf('--format', options.format, FORMATS) ?? 'text'
    const topology = await loadModule(operands[0], io)
    const { planOf } = await import('../topology/plan.js')
    const { graphOf } = await import('./graph/graph-of.js')
    const graph = graphOf(topology, planOf(topology))
    io.stdout.write(await textOf(graph, format))
    return 0
  },
}

type Graph = import('./graph/graph-of.js').Graph

async function textOf(graph: Graph, format: Format): Promise<string> {
  if (format === 'json') return `${JSON.stringify(graph, undefined, 2)}\n`
  if (format === 'mermaid') return (await import('./graph/mermaid.js')).mermaidOf(graph)
  return (await import('./graph/graph-text.js')).graphText(graph)
}
