// What the system says of a process: memory, processor time, descriptors and their limit, and who belongs to its group.

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** Of the clock in which /proc counts processor time. */
const TICKS_PER_SECOND = 100

/** Resident memory in MiB; 0 for a process that is gone. */
export function residentMiB(pid) {
  const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(textOf(`/proc/${pid}/status`)) ?? []
  return Number(kilobytes ?? 0) / 1024
}

/** Processor time used so far by all threads, in ms. */
export function cpuMs(pid) {
  const fields = afterName(textOf(`/proc/${pid}/stat`))
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND
}

/** How many descriptors it has open. */
export function descriptorsOf(pid) {
  return descriptorNumbers(pid).length
}

/** The limit below which so many numbers are free: those between open ones count, too. */
export function limitWithFree(pid, count) {
  const taken = new Set(descriptorNumbers(pid))
  let limit = 0
  for (let free = 0; free < count; limit++) if (!taken.has(limit)) free++
  return limit
}

/** From now on a process may open no descriptor with this number or a larger one. */
export function limitDescriptors(pid, limit) {
  const args = [`--pid=${pid}`, `--nofile=${limit}:`]
  const { status, stderr } = spawnSync('prlimit', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`prlimit: ${stderr}`)
}

/** The living processes of a process group. */
export function groupOf(groupId) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => {
    const [state, , group] = afterName(textOf(`/proc/${pid}/stat`))
    return Number(group) === groupId && state !== 'Z'
  })
}

function descriptorNumbers(pid) {
  try {
    return readdirSync(`/proc/${pid}/fd`).map(Number)
  } catch {
    return []
  }
}

// The name in brackets may itself have spaces and brackets.
function afterName(stat) {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
