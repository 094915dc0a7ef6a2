// The notes of what is in user code, as files: they are written to the page cache, which survives the process, though not the
// machine. One small file an actor, overwritten in place; and one for what is known after a death: whom to suspect.

import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Journal, Range, Suspects } from '../actors/begun-notes.js'

/** What the threads are told of it. */
export type BegunFiles = {
  directory: string
  /** Number of this life of the process. */
  life: number
  suspects: Suspects
}

type Known = { life: number; suspects: Suspects }

const KNOWN = 'suspects.json'
const NOTE = /^begun-.*\.note$/
/** Suspects whose deaths are counted, at most. */
const COUNTED_MAX = 1_000
const HEAD = 4

/** Reads what an earlier process left, and begins a life. Only one process may use the directory at a time. */
export function openBegunFiles(directory: string): BegunFiles {
  mkdirSync(directory, { recursive: true })
  const known = readKnown(directory)
  const left = readdirSync(directory)
    .filter((name) => NOTE.test(name))
    .map((name) => readNote(join(directory, name)))
    .filter((note) => note !== undefined && note.life === known.life)
  const deliveries = { ...known.suspects.deliveries }
  for (const note of left) {
    if (!note?.isAlone || note.ranges.length !== 1) continue
    const [[partition, offset]] = note.ranges
    const key = `${partition}:${offset}`
    deliveries[key] = (deliveries[key] ?? 0) + 1
  }
  const ranges = left.flatMap((note) => note?.ranges ?? [])
  const counted = Object.fromEntries(Object.entries(deliveries).slice(-COUNTED_MAX))
  const suspects = { ranges, deliveries: ranges.length === 0 ? {} : counted }
  const life = known.life + 1
  // Counted and begun anew in one step, so that a death in between is not counted twice.
  writeFileSync(join(directory, `${KNOWN}.new`), JSON.stringify({ life, suspects }))
  renameSync(join(directory, `${KNOWN}.new`), join(directory, KNOWN))
  return { directory, life, suspects }
}

/** Forgets what was in user code: the process ends by itself. `isDone`: nothing is left that could be suspected. */
export function closeBegunFiles({ directory }: BegunFiles, isDone: boolean): void {
  for (const name of readdirSync(directory)) {
    if (NOTE.test(name) || (isDone && name === KNOWN)) rmSync(join(directory, name), { force: true })
  }
}

/** The notes of one actor. */
export class BegunFile implements Journal {
  readonly suspects: Suspects
  private readonly fd: number
  private readonly life: number
  private readonly doubles = new Float64Array(HEAD + 3 * 64)

  constructor({ directory, life, suspects }: BegunFiles, actorName: string) {
    this.fd = openSync(join(directory, `begun-${actorName}.note`), 'w')
    this.life = life
    this.suspects = suspects
  }

  write(ranges: readonly Range[], isAlone: boolean): void {
    const { doubles } = this
    const count = Math.min(ranges.length, 64)
    doubles[0] = this.life
    doubles[1] = isAlone ? 1 : 0
    doubles[2] = count
    for (let i = 0; i < count; i++) doubles.set(ranges[i], HEAD + 3 * i)
    doubles[3] = checksum(doubles, count)
    writeSync(this.fd, new Uint8Array(doubles.buffer, 0, 8 * (HEAD + 3 * count)), 0, undefined, 0)
  }

  close(): void {
    closeSync(this.fd)
  }
}

function readNote(path: string): { life: number; isAlone: boolean; ranges: Range[] } | undefined {
  const bytes = readFileSync(path)
  const doubles = new Float64Array(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~7)),
  )
  const [life, isAlone, count, sum] = doubles
  // A write that was cut short says nothing.
  if (doubles.length < HEAD + 3 * count || sum !== checksum(doubles, count)) return undefined
  const ranges = Array.from(
    { length: count },
    (_, i) => [...doubles.slice(HEAD + 3 * i, HEAD + 3 * i + 3)] as Range,
  )
  return { life, isAlone: isAlone === 1, ranges }
}

function checksum(doubles: Float64Array, count: number): number {
  let sum = 17 + doubles[0] + 3 * doubles[1] + 5 * doubles[2]
  for (let i = HEAD; i < HEAD + 3 * count; i++) sum = (sum * 31 + doubles[i]) % 9_007_199_254_740_881
  return sum
}

function readKnown(directory: string): Known {
  try {
    return JSON.parse(readFileSync(join(directory, KNOWN), 'utf8')) as Known
  } catch {
    return { life: 0, suspects: { ranges: [], deliveries: {} } }
  }
}
