// The notes of what is in user code, as files: they are written to the page cache, which survives the process, though not the
// machine. One small file an actor, overwritten in place; and one for what is known after a death: whom to suspect.

import {
  closeSync,
  ftruncateSync,
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
import { messageOf } from '../kernel/failure.js'
import { Isolation } from '../kernel/isolation.js'
import type { Log } from '../kernel/log.js'
import { makeDirectory } from '../kernel/make-directory.js'

/** What the threads are told of it. `suspects`: by place, which is the name of a map stage or sink. */
export type BegunFiles = {
  directory: string
  /** Number of this life of the process. */
  life: number
  suspects: Readonly<Record<string, Suspects>>
}

type Note = { place: string; life: number; isAlone: boolean; ranges: Range[] }

const KNOWN = 'suspects.json'
const NOTE = /^begun-(.+)@.+\.note$/
/** Suspects of a place whose deaths are counted, at most. */
const COUNTED_MAX = 1_000
const HEAD = 4
/** Which double of the head is the checksum. */
const SUM = 3
const NOBODY: Suspects = { ranges: [], deliveries: {} }

/** Reads what an earlier process left, and begins a life. Only one process may use the directory at a time. */
export function openBegunFiles(directory: string): BegunFiles {
  makeDirectory(directory)
  const known = readKnown(directory)
  const suspects: Record<string, Suspects> = {}
  for (const note of notesIn(directory)) {
    if (note.life !== known.life || note.ranges.length === 0) continue
    const before = suspects[note.place] ?? {
      ...NOBODY,
      deliveries: known.suspects[note.place]?.deliveries ?? {},
    }
    suspects[note.place] = withNote(before, note)
  }
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
  readonly isolation: Isolation
  private readonly fd: number
  private readonly life: number
  private readonly log: Log | undefined
  private isUnwritable = false
  private readonly doubles = new Float64Array(HEAD + 3 * 64)

  /** Of the actor with this name, at this place. */
  constructor(
    { directory, life, suspects }: BegunFiles,
    place: string,
    actorName: string,
    isolation = new Isolation(),
    log?: Log,
  ) {
    this.isolation = isolation
    this.log = log
    // A predecessor on this actor may have died with it.
    isolation.release()
    this.fd = openSync(join(directory, `begun-${place}@${actorName}.note`), 'w')
    this.life = life
    this.suspects = suspects[place] ?? NOBODY
  }

  write(ranges: readonly Range[], isAlone: boolean): void {
    const { doubles } = this
    const count = Math.min(ranges.length, 64)
    doubles[0] = this.life
    doubles[1] = isAlone ? 1 : 0
    doubles[2] = count
    for (let i = 0; i < count; i++) doubles.set(ranges[i], HEAD + 3 * i)
    doubles[SUM] = checksum(doubles, count)
    this.overwrite(new Uint8Array(doubles.buffer, 0, 8 * (HEAD + 3 * count)))
  }

  close(): void {
    closeSync(this.fd)
  }

  /** Without a note the work goes on: only whoever kills the process in the meantime is not found. */
  private overwrite(bytes: Uint8Array): void {
    try {
      writeSync(this.fd, bytes, 0, undefined, 0)
      this.isUnwritable = false
    } catch (error) {
      if (!this.isUnwritable) this.log?.warn(`what is begun cannot be noted: ${messageOf(error)}`)
      this.isUnwritable = true
      this.forget()
    }
  }

  /** What is there now is about others, who must not be blamed for what comes. */
  private forget(): void {
    try {
      ftruncateSync(this.fd)
    } catch {
      // Its checksum or its life may still say so.
    }
  }
}

/** One who was alone in user code has died once more; all others are suspects. */
function withNote({ ranges, deliveries }: Suspects, note: Note): Suspects {
  const all = [...ranges, ...note.ranges]
  if (!note.isAlone || note.ranges.length !== 1) return { ranges: all, deliveries }
  const [[partition, offset]] = note.ranges
  const key = `${partition}:${offset}`
  const counted = { ...deliveries, [key]: (deliveries[key] ?? 0) + 1 }
  return { ranges: all, deliveries: Object.fromEntries(Object.entries(counted).slice(-COUNTED_MAX)) }
}

function notesIn(directory: string): Note[] {
  return readdirSync(directory).flatMap((name) => {
    const place = NOTE.exec(name)?.[1]
    const note = place === undefined ? undefined : readNote(join(directory, name), place)
    return note === undefined ? [] : [note]
  })
}

function readNote(path: string, place: string): Note | undefined {
  const bytes = readFileSync(path)
  const doubles = new Float64Array(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~7)),
  )
  const [life, isAlone, count, sum] = doubles
  // A write that was cut short says nothing.
  if (!(count >= 0 && doubles.length >= HEAD + 3 * count) || sum !== checksum(doubles, count))
    return undefined
  const ranges = Array.from(
    { length: count },
    (_, i) => [...doubles.slice(HEAD + 3 * i, HEAD + 3 * i + 3)] as Range,
  )
  return { place, life, isAlone: isAlone === 1, ranges }
}

/** FNV-1a over the bytes of all but itself: no single byte can be another without a change of the sum. */
function checksum(doubles: Float64Array, count: number): number {
  const bytes = new Uint8Array(doubles.buffer, doubles.byteOffset, 8 * (HEAD + 3 * count))
  let sum = 0x811c9dc5
  for (let i = 0; i < bytes.length; i++)
    if (i < 8 * SUM || i >= 8 * HEAD) sum = Math.imul(sum ^ bytes[i], 0x01000193)
  return sum >>> 0
}

function readKnown(directory: string): Omit<BegunFiles, 'directory'> {
  try {
    const known = JSON.parse(readFileSync(join(directory, KNOWN), 'utf8'))
    if (Number.isInteger(known.life) && known.suspects?.constructor === Object) return known
  } catch {
    // Nothing is there, or nothing that could be read.
  }
  return { life: 0, suspects: {} }
}
