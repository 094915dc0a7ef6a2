// Asks the source and the sinks of a topology whether they could be opened, before any thread runs.

import { within } from '../kernel/deadline.js'
import { isMillraceError, MillraceError, messageOf } from '../kernel/failure.js'
import type { Topology } from './types.js'

/** How long one may take to look. */
const CHECK_MS = 10_000

type End = { name: string; check?: (() => void | Promise<void>) | undefined }

/** Gives an error for each that says that it could not be opened: ERR_OPEN, or its own MillraceError. */
export async function checkEnds(topology: Topology, timeoutMs = CHECK_MS): Promise<MillraceError[]> {
  const results = await Promise.all(endsOf(topology).map((end) => problemOf(end, timeoutMs)))
  return results.filter((error) => error !== undefined)
}

function endsOf({ source, sinks, fallback, onSuccess }: Topology): End[] {
  const ends: End[] = [{ name: source.name ?? 'source', check: source.check && (() => source.check?.()) }]
  const seen = new Set<object>()
  for (const role of [...sinks, fallback, onSuccess]) {
    // One object may have several roles.
    if (role === undefined || seen.has(role.sink)) continue
    seen.add(role.sink)
    ends.push({ name: role.name, check: role.sink.check && (() => role.sink.check?.()) })
  }
  return ends
}

async function problemOf({ name, check }: End, timeoutMs: number): Promise<MillraceError | undefined> {
  if (check === undefined) return undefined
  try {
    await within(timeoutMs, Promise.resolve(check()), () => {
      throw new Error(`check() has not ended after ${timeoutMs} ms`)
    })
    return undefined
  } catch (error) {
    if (isMillraceError(error)) return error
    return new MillraceError('ERR_OPEN', `${name}: cannot be opened: ${messageOf(error)}`, { cause: error })
  }
}
