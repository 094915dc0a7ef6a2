// Does the plan suit the machine: its memory, or what a container leaves of it, and its cores.

import { MillraceError } from '../../kernel/failure.js'
import type { Machine } from '../../topology/machine.js'
import type { Plan } from '../../topology/plan.js'
import type { Topology } from '../../topology/types.js'
import { countText } from '../format.js'
import { bytesText } from '../graph/graph-text.js'
import { errorsOf, type Finding, warning } from './finding.js'

/** Beside the mailboxes there are the heaps of the threads, and what user code keeps. */
const MEMORY_PART = 0.75

/** Gives what does not suit. */
export function machineFindings({ name }: Topology, plan: Plan, { cores, memoryBytes }: Machine): Finding[] {
  const where = `topology "${name}"`
  const findings: Finding[] = []
  const has = `the mailboxes need ${bytesText(plan.memoryBytes)}, and this process may use ${bytesText(memoryBytes)}`
  const remedy = 'lower limits.messageBytes, or use fewer threads'
  if (plan.memoryBytes > memoryBytes)
    findings.push(...errorsOf(new MillraceError('ERR_CONFIG', `${where}: ${has}: ${remedy}`)))
  else if (plan.memoryBytes > MEMORY_PART * memoryBytes) findings.push(warning(`${where}: ${has}: ${remedy}`))
  const mappers = plan.actors.filter(({ kind }) => kind === 'mapper').length
  if (plan.threads.length > 1 && mappers > cores)
    findings.push(warning(`${where}: ${countText(mappers)} map threads on ${countText(cores)} cores`))
  return findings
}
