// Who has a directory: a process says so by a file with its identity in the name, and looks for others after that. So of two
// that come at the same time at least one sees the other. A file whose process has ended is taken away by whoever sees it.
// Processes of another container or host cannot be seen.

import { closeSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const NAME = /^owner-(\d+)-(\w+)$/

export type Owned = { release(): void } | { heldBy: number; file: string }

/** Takes a directory for this process, all of its threads; says who has it where another process that lives does. */
export function own(directory: string): Owned {
  const mine = `owner-${process.pid}-${bornOf(process.pid)}`
  const release = () => rmSync(join(directory, mine), { force: true })
  // It may be there: of a thread of this process that ended without a release.
  closeSync(openSync(join(directory, mine), 'a'))
  for (const name of readdirSync(directory)) {
    const match = NAME.exec(name)
    if (match === null || name === mine) continue
    const file = join(directory, name)
    if (isAlive(Number(match[1]), match[2])) {
      release()
      return { heldBy: Number(match[1]), file }
    }
    rmSync(file, { force: true })
  }
  return { release }
}

function isAlive(pid: number, born: string): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it is another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = bornOf(pid)
  return now === born || now === UNKNOWN
}

const UNKNOWN = 'unknown'

/**
 * When a process began, as Linux tells it, with the boot that this is: numbers of processes are used again.
 * 'ended' where it has ended, and is only waited for.
 */
function bornOf(pid: number): string {
  try {
    // Its name, in parentheses, may hold anything; the state follows it, the time of birth is the 22nd field of all.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return 'ended'
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8)
    return `${boot}${fields[19]}`
  } catch {
    return UNKNOWN
  }
}
