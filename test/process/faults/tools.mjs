// The tools of the system that some rows need: a row whose tool is missing is not run, and says so.

import { spawnSync } from 'node:child_process'

const PROBES = {
  prlimit: ['prlimit', '--version'],
  strace: ['strace', '-V'],
  tmpfs: ['unshare', '-rm', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'none', '/mnt'],
  proc: ['test', '-r', '/proc/self/stat'],
}

/** Gives what is missing, in words; undefined where the tool works here. @param {string} name */
export function missingTool(name) {
  const [command, ...args] = PROBES[name]
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 })
  if (status === 0) return undefined
  return `${name} does not work here: ${error?.message ?? stderr.trim().split('\n')[0]}`
}
