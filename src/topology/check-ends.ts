// Asks the source and the sinks of a topology whether they could be opened, before any thread runs.

import { countText } from '../kernel/count-text.js'
import { within } from '../kernel/deadline.js'
import { isMillraceError, MillraceError, messageOf } from '../kernel/failure.js'
import { filesOf, ReadFiles } from './read-files.js'
import type { Topology } from './types.js'

/** How long one may take to look. */
const CHECK_MS = 10_000

type End = { name: string; check: () => Promise<void> }

/**
 * Gives an error for each that says that it could not be opened: ERR_OPEN, or its own MillraceError; and ERR_CONFIG for each
 * sink that writes to what the source reads.
 */
export async function checkEnds(topology: Topology, timeoutMs = CHECK_MS): Promise<MillraceError[]> {
  const results = await Promise.all(endsOf(topology).map((end) => problemOf(end, timeoutMs)))
  return results.filter((error) => error !== undefined)
}

function endsOf({ name, source, sinks, fallback, onSuccess }: Topology): End[] {
  const sourceName = source.name ?? 'source'
  const check = async () => {
    await source.check?.()
    filesOf(sourceName, source)
  }
  const ends: End[] = [{ name: sourceName, check }]
  const read = new ReadFiles(source)
  const where = `topology ${JSON.stringify(name)}`
  const seen = new Set<object>()
  for (const role of [...sinks, fallback, onSuccess]) {
    // One object may have several roles.
    if (role === undefined || seen.has(role.sink)) continue
    seen.add(role.sink)
    const check = async () => {
      await role.sink.check?.()
      await read.refuse(where, role.name, role.sink)
    }
    ends.push({ name: role.name, check })
  }
  return ends
}

async function problemOf({ name, check }: End, timeoutMs: number): Promise<MillraceError | undefined> {
  try {
    await within(timeoutMs, check(), () => {
      throw new Error(`check() has not ended after ${countText(timeoutMs)} ms`)
    })
    return undefined
  } catch (error) {
    if (isMillraceError(error)) return error
    return new MillraceError('ERR_OPEN', `${name}: cannot be opened: ${messageOf(error)}`, { cause: error })
  }
}
