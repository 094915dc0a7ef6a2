// The file of a replay, from its beginning to its end. It is renamed first, so that what is given up again goes to a new file:
//
//   x.jsonl ── begin ──▶ x.jsonl.replaying ── finish ──▶ x.jsonl.replayed-1
//      ▲                    │ a replay that was ended is taken up here
//      └──────── undo ──────┘ lines that were not meant go back at the end

import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { isMillraceError, MillraceError, messageOf } from '../kernel/failure.js'
import { makeDirectory } from '../kernel/make-directory.js'
import { own } from '../store/owner.js'
import { beginsWithEnvelope } from './begins-with-envelope.js'
import { positionOf } from './dead-letters.js'
import { deadLineOf, type Replay } from './dead-line.js'
import { eachLine, withoutEnd } from './each-line.js'
import type { Places } from './places.js'
import { PutBack } from './put-back.js'

const SUFFIX = '.replaying'
/** In the directory of the position: what the replay that began was asked for. */
const ASKED = 'asked.json'
/** In it too: whose replay it is. The store of the position has another owner, which ends before the replay does. */
const OWNER = 'replay'

type Asked = Pick<Replay, 'only' | 'from'>

/** What a finished replay has left. */
export type Finished = {
  /** Lines that were sent again. */
  replayed: number
  /** Lines that are back in the file, since they were not meant. */
  kept: number
  /** Lines that are back in the file, since the topology has no such stage or sink. */
  elsewhere: number
  /** Numbers of the lines that are no whole dead letters, from 1. */
  unreadable: number[]
  /** Numbers of those that a later version has written. */
  later: number[]
  /** Where all lines are now. */
  path: string
}

export class ReplayFile {
  /** Where dead letters are written. */
  readonly path: string
  /** What is read. */
  readonly replaying: string
  /** True where a replay that was ended is taken up. */
  readonly isTakenUp: boolean
  /** True where there is nothing to send. */
  readonly isEmpty: boolean
  private readonly asked: Asked
  private release: () => void = () => {}
  private bytesAtBegin = 0

  /**
   * Finds the file, or what an earlier replay has left of it; throws ERR_OPEN where there is neither. `hint` says what else may
   * have been meant by a path.
   */
  constructor(path: string, asked: Asked, hint: (path: string) => string = () => '') {
    this.path = path.endsWith(SUFFIX) ? path.slice(0, -SUFFIX.length) : path
    this.replaying = `${this.path}${SUFFIX}`
    this.asked = asked
    this.isTakenUp = statOf(this.replaying) !== undefined
    const stat = statOf(this.isTakenUp ? this.replaying : this.path)
    if (stat === undefined) throw unusable(path, `no such file${replayedText(this.path) ?? hint(path)}`)
    if (!stat.isFile()) throw unusable(path, 'it is no regular file')
    this.isEmpty = !this.isTakenUp && stat.size === 0
  }

  /** What the topology is to read. */
  get replay(): Replay {
    return { path: this.replaying, ...this.asked }
  }

  /** True where dead letters came since the replay that is taken up. */
  get hasMore(): boolean {
    return this.isTakenUp && (statOf(this.path)?.size ?? 0) > 0
  }

  /** Renames it. Throws ERR_OPEN where another process replays it, ERR_CONFIG where what is taken up was asked for otherwise. */
  begin(): void {
    this.own()
    try {
      if (this.isTakenUp) this.requireSame()
      else {
        const position = positionOf(this.replaying)
        for (const name of readdirSync(position))
          if (name !== OWNER) rmSync(join(position, name), { recursive: true })
        writeFileSync(join(position, ASKED), JSON.stringify(this.asked))
        renameSync(this.path, this.replaying)
      }
      this.bytesAtBegin = statSync(this.replaying).size
    } catch (cause) {
      this.end()
      throw isMillraceError(cause) ? cause : unusable(this.path, messageOf(cause), cause)
    }
  }

  /** Lets it go, for the next replay. */
  end(): void {
    this.release()
    this.release = () => {}
  }

  /** Nothing was read: gives it its name back, if it took it and nobody has used it since. */
  undo(): void {
    if (this.isTakenUp || (statOf(this.path)?.size ?? 0) > 0) return
    renameSync(this.replaying, this.path)
    this.forget()
  }

  /** Everything was read and acked: puts back what was not meant. Undefined where somebody still writes to it: it stays. */
  async finish(places: Places): Promise<Finished | undefined> {
    if (statSync(this.replaying).size > this.bytesAtBegin) return undefined
    const finished = await this.tally(places)
    renameSync(this.replaying, finished.path)
    this.forget()
    return finished
  }

  /** Counts what became of each line, and puts back what goes back. */
  private async tally(places: Places): Promise<Finished> {
    const finished: Finished = {
      replayed: 0,
      kept: 0,
      elsewhere: 0,
      unreadable: [],
      later: [],
      path: this.nextReplayed(),
    }
    const areEnvelopes = beginsWithEnvelope(this.replaying)
    const back = new PutBack(this.path)
    let number = 0
    for await (const line of eachLine(this.replaying)) {
      number++
      const { kind } = deadLineOf(withoutEnd(line), areEnvelopes, this.replay, places)
      if (kind === 'letter') finished.replayed++
      else if (kind === 'unreadable' || kind === 'later') finished[kind].push(number)
      else if (kind === 'kept' || kind === 'elsewhere') {
        finished[kind]++
        await back.add(line)
      }
    }
    await back.end()
    return finished
  }

  private nextReplayed(): string {
    for (let n = 1; ; n++) if (!existsSync(`${this.path}.replayed-${n}`)) return `${this.path}.replayed-${n}`
  }

  /** Of two that begin at the same time one, at most, gets it. */
  private own(): void {
    const directory = join(positionOf(this.replaying), OWNER)
    try {
      makeDirectory(directory)
      const owned = own(directory)
      if ('heldBy' in owned)
        throw new MillraceError('ERR_OPEN', `replay: process ${owned.heldBy} replays ${this.path} already`)
      this.release = owned.release
    } catch (cause) {
      throw isMillraceError(cause) ? cause : unusable(this.path, messageOf(cause), cause)
    }
    // It may have ended, or begun, since this one looked.
    if ((statOf(this.replaying) !== undefined) === this.isTakenUp) return
    this.end()
    throw unusable(this.path, 'another replay has been at it just now: replay again')
  }

  private forget(): void {
    rmSync(positionOf(this.replaying), { recursive: true, force: true })
  }

  /** What was passed over is not looked at again: so it must be the same that is asked for. */
  private requireSame(): void {
    const before = readAsked(join(positionOf(this.replaying), ASKED))
    if (before === undefined || JSON.stringify(before) === JSON.stringify(this.asked)) return
    const what = `${this.replaying} is what a replay has left that was begun with ${askedText(before)}`
    throw new MillraceError(
      'ERR_CONFIG',
      `replay: ${what}, and now it is ${askedText(this.asked)}: wanted the same`,
    )
  }
}

/** Says that the last replay has finished the file, if it has. */
function replayedText(path: string): string | undefined {
  const start = `${basename(path)}.replayed-`
  const numbers = namesIn(dirname(path))
    .filter((name) => name.startsWith(start))
    .map((name) => Number(name.slice(start.length)))
    .filter((number) => Number.isInteger(number))
  if (numbers.length === 0) return undefined
  return `: a replay has finished it, and all of it is in ${path}.replayed-${Math.max(...numbers)}`
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function readAsked(path: string): Asked | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Asked
  } catch {
    return undefined
  }
}

function askedText({ only, from }: Asked): string {
  const options = [
    ...(only === undefined ? [] : [`--only ${JSON.stringify(`${only.field}=${only.text}`)}`]),
    ...(from === undefined ? [] : [`--from ${from}`]),
  ]
  return options.length === 0 ? 'neither --only nor --from' : options.join(' and ')
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (cause) {
    throw unusable(path, messageOf(cause), cause)
  }
}

function unusable(path: string, what: string, cause?: unknown): MillraceError {
  return new MillraceError(
    'ERR_OPEN',
    `replay: ${path}: ${what}`,
    cause === undefined ? undefined : { cause },
  )
}
