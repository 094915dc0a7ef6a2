// Looks at everything, one thing after the other: what is found in one does not keep the others from being looked at.

import { checkAdmin } from '../../topology/check-admin.js'
import { checkEnds } from '../../topology/check-ends.js'
import { thisMachine } from '../../topology/machine.js'
import { type Plan, planOf } from '../../topology/plan.js'
import { compareWithThread, importOnThread, type ThreadImport } from '../../topology/thread-check.js'
import type { Topology } from '../../topology/types.js'
import type { Io } from '../io.js'
import { loadModule, moduleUrl } from '../load-module.js'
import { environmentFindings } from './environment.js'
import { errorsOf, type Finding } from './finding.js'
import { machineFindings } from './machine.js'

/** Gives all findings. */
export async function findingsOf(module: string, how: { connects: boolean }, io: Io): Promise<Finding[]> {
  const findings = environmentFindings(io.env)
  const add = (thrown: unknown) => void findings.push(...errorsOf(thrown))
  const found = await load(module, io).catch(add)
  if (found === undefined) return findings
  const { topology, url, there } = found
  const plan = planned(topology, add)
  if (plan !== undefined) findings.push(...machineFindings(topology, plan, thisMachine()))
  if (!topology.inline) await compareWithThread(topology, url, there).catch(add)
  if (how.connects) {
    for (const error of await checkEnds(topology)) add(error)
    await checkAdmin(topology).catch(add)
  }
  return findings
}

// On a thread first: what does not end there would hang this one.
async function load(module: string, io: Io): Promise<{ topology: Topology; url: URL; there: ThreadImport }> {
  const url = moduleUrl(module, io)
  const there = await importOnThread(url)
  if ('error' in there && there.isLate) throw there.error
  return { topology: await loadModule(module, io), url, there }
}

function planned(topology: Topology, add: (thrown: unknown) => void): Plan | undefined {
  try {
    return planOf(topology)
  } catch (error) {
    add(error)
    return undefined
  }
}
