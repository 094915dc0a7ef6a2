// The plan as a Mermaid flowchart: a box for each thread, its actors in it, an arrow for each mailbox.
// Ids are made here; what a user named is only in quoted labels, with all that Mermaid would read escaped.

import type { Graph, GraphActor } from './graph-of.js'
import { bytesText, conditionText } from './graph-text.js'

/** Shapes by kind: `(["…"])` is a stadium, `{"…"}` a rhombus. */
const SHAPES: Record<GraphActor['kind'], [open: string, close: string]> = {
  reader: ['(["', '"])'],
  mapper: ['["', '"]'],
  forwarder: ['{"', '"}'],
  sink: ['(["', '"])'],
}

/** Gives the flowchart, with a line end. */
export function mermaidOf(graph: Graph): string {
  const idOf = (name: string) => `a${graph.actors.findIndex((actor) => actor.name === name)}`
  const threads = graph.threads.flatMap((thread, i) => [
    `  subgraph t${i}["thread ${escaped(thread)}"]`,
    ...graph.actors.filter((actor) => actor.thread === thread).map((actor) => box(actor, graph, idOf)),
    '  end',
  ])
  const arrows = graph.mailboxes.map(({ from, to, capacityBytes, settles }) =>
    settles
      ? `  ${idOf(from)} -. "settlements, ${bytesText(capacityBytes)}" .-> ${idOf(to)}`
      : `  ${idOf(from)} -- "${bytesText(capacityBytes)}" --> ${idOf(to)}`,
  )
  return [`%% ${commented(graph)}`, 'flowchart LR', ...threads, ...arrows, ''].join('\n')
}

function box(actor: GraphActor, graph: Graph, idOf: (name: string) => string): string {
  const [open, close] = SHAPES[actor.kind]
  return `    ${idOf(actor.name)}${open}${labelOf(actor, graph)}${close}`
}

function labelOf(actor: GraphActor, { routes, branches }: Graph): string {
  const lines = [actor.name]
  if (actor.runs !== undefined && actor.runs !== actor.name) lines.push(actor.runs)
  if (actor.concurrency !== undefined) lines.push(`concurrency ${actor.concurrency}`)
  if (actor.retry !== undefined) {
    const { attempts, onExhausted } = actor.retry
    lines.push(
      attempts === null
        ? 'tries for ever'
        : `${attempts} ${attempts === 1 ? 'try' : 'tries'}, then ${onExhausted}`,
    )
  }
  if (actor.parkingBytes > 0) lines.push(`parking ${bytesText(actor.parkingBytes)}`)
  const branch = branches.find(({ to }) => actor.kind === 'mapper' && to === actor.runs)
  if (branch !== undefined) lines.push(conditionText(branch.when))
  if (actor.kind === 'forwarder')
    for (const { when, to } of routes) lines.push(`${conditionText(when)} → ${to.join(', ')}`)
  return lines.map(escaped).join('<br/>')
}

/** In a label `#35;` is a number sign: as entities nothing ends the label, and nothing is read as markup. */
function escaped(text: string): string {
  return text.replace(/["#&;<>`\\{}\p{Cc}\u2028\u2029]/gu, (char) => `#${char.codePointAt(0)};`)
}

/** In a comment only the end of the line counts, and `{` begins a directive. */
function commented({ name, order, memoryBytes }: Graph): string {
  return `${name}: order ${order.value}, ${bytesText(memoryBytes)} of shared memory`.replace(
    /[{}\p{Cc}]/gu,
    ' ',
  )
}
