// The durable positions of files: found again on opening, put whenever they have moved, with one put under way at a time.
// A put that fails is tried again until it succeeds or the source is closed: what is not durable is not acked.

import { systemClock } from '../../kernel/clock.js'
import { countText } from '../../kernel/count-text.js'
import { MillraceError, messageOf } from '../../kernel/failure.js'
import type { Log } from '../../kernel/log.js'
import { openStore, type Store, StoreError } from '../../store/store.js'
import { Waiter } from '../support/waiter.js'
import type { FileInput } from './file-input.js'
import { type FileNow, fileNow } from './file-now.js'
import { fingerprintOf } from './fingerprint.js'
import { nextLine } from './next-line.js'
import { decodePosition, encodePosition, keyOf, type SavedPosition } from './saved-position.js'
import { whereToResume } from './where-to-resume.js'

/** Puts begin at least so far apart: each costs some CPU, and under load there is always something to put. */
const GAP_MS = 10
const RETRY_MS = 10
const RETRY_MS_MAX = 1_000
/** One in so many failures is logged: about twice a minute. */
const LOG_EVERY = 30

type Tracked = { file: FileInput; now: FileNow; key: string; saved: number }

export class Checkpoint {
  readonly #name: string
  readonly #store: Store
  readonly #log: Log
  readonly #waiter = new Waiter()
  readonly #tracked: Tracked[] = []
  #saving: Promise<void> | undefined
  #putAtMs = Number.NEGATIVE_INFINITY
  #isClosed = false
  #failure: Error | undefined

  private constructor(name: string, store: Store, log: Log) {
    this.#name = name
    this.#store = store
    this.#log = log
  }

  /** Opens it, lets each file go on where it was settled, and makes durable which files these are. Rejects with ERR_OPEN. */
  static async open(directory: string, files: readonly FileInput[], log: Log): Promise<Checkpoint> {
    const name = 'lines: checkpoint'
    const ifLost = 'the files are read from their start, and what was done comes again'
    const store = await openStore({ directory, name, ifLost, log })
    const checkpoint = new Checkpoint(`${name}: ${directory}`, store, log)
    try {
      checkpoint.#find(files)
      await store.put(checkpoint.#tracked.map((each) => entryOf(each, each.saved)))
      return checkpoint
    } catch (cause) {
      await store.close()
      if (cause instanceof MillraceError) throw cause
      throw new MillraceError('ERR_OPEN', `${name}: ${directory}: ${messageOf(cause)}`, { cause })
    }
  }

  /** True while a put fails: nothing more is to be read then, or what cannot be acked would grow without limit. */
  get isFailing(): boolean {
    return this.#failure !== undefined
  }

  /** Resolves when all that is settled now is durable; undefined if it is. Rejects only where that cannot be any more. */
  save(): Promise<void> | undefined {
    if (this.#saving !== undefined) return this.#saving.then(() => this.save())
    if (!this.#hasMoved()) return undefined
    this.#saving = this.#putUntilDurable().finally(() => {
      this.#saving = undefined
    })
    return this.#saving
  }

  /** Makes durable what is not yet, by one more try, and closes the store. Rejects with ERR_SOURCE where that failed. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#waiter.wake()
    try {
      await this.#saving?.catch(() => undefined)
      if (this.#hasMoved()) await this.#put()
    } catch (cause) {
      throw this.#unsaved(cause)
    } finally {
      await this.#store.close()
    }
  }

  #find(files: readonly FileInput[]): void {
    const nows = files.map((file) => fileNow(file.rules.path, file.fd))
    const founds = whereToResume(nows, [...this.#store.entries.values()].map(decodePosition))
    for (const [i, file] of files.entries()) {
      const [now, found] = [nows[i], founds[i]]
      if (found.kind === 'other') this.#log.warn(`lines: ${found.warning} (${this.#name})`)
      const saved = 'saved' in found ? this.#resume(file, now, found.saved) : 0
      this.#tracked.push({ file, now, key: keyOf(now.path), saved })
    }
  }

  /** Lets a file go on where it was settled, and gives that position. */
  #resume(file: FileInput, now: FileNow, { path, position }: SavedPosition): number {
    const { offset, continued } = nextLine(now.bytesAt, position)
    if (path !== now.path) {
      this.#log.info(`lines: ${now.path} was ${path} before: reading goes on at byte ${countText(offset)}`)
    }
    if (continued) {
      const what = `the last line, which ended at byte ${countText(position)} without a line end, has been continued since`
      this.#log.warn(`lines: ${now.path}: ${what}: it is given again, as a whole`)
    }
    file.startAt(offset)
    return position
  }

  #hasMoved(): boolean {
    return this.#tracked.some(({ file, saved }) => file.settledTo > saved)
  }

  async #putUntilDurable(): Promise<void> {
    const waitMs = this.#putAtMs + GAP_MS - systemClock.now()
    if (waitMs > 0) await this.#waiter.wait(waitMs)
    this.#putAtMs = systemClock.now()
    for (let tries = 0, delayMs = RETRY_MS; ; tries++, delayMs = Math.min(2 * delayMs, RETRY_MS_MAX)) {
      try {
        await this.#put()
        if (this.#failure !== undefined) this.#log.warn(`${this.#name}: the position is saved again`)
        this.#failure = undefined
        return
      } catch (cause) {
        this.#failure = cause as Error
        if (cause instanceof StoreError && cause.kind === 'fenced') throw this.#unsaved(cause)
        if (tries % LOG_EVERY === 0) this.#log.error(`${this.#name}: ${adviceOn(cause)}`)
        if (!this.#isClosed) await this.#waiter.wait(delayMs)
        if (this.#isClosed) throw this.#unsaved(cause)
      }
    }
  }

  /** Puts the positions as they are now. */
  async #put(): Promise<void> {
    const moved = this.#tracked.filter(({ file, saved }) => file.settledTo > saved)
    const positions = moved.map(({ file }) => file.settledTo)
    await this.#store.put(moved.map((each, i) => entryOf(each, positions[i])))
    for (const [i, each] of moved.entries()) each.saved = positions[i]
  }

  #unsaved(cause: unknown): MillraceError {
    const what = `the position could not be saved: ${messageOf(cause)}: what was acked since it was comes again`
    return new MillraceError('ERR_SOURCE', `${this.#name}: ${what}`, { cause })
  }
}

function entryOf({ now, key }: Tracked, position: number): readonly [string, Uint8Array] {
  const { path, place, bytesAt } = now
  return [key, encodePosition({ path, place, ...fingerprintOf(bytesAt, position) })]
}

function adviceOn(cause: unknown): string {
  const what = `the position cannot be saved: ${messageOf(cause)}`
  const advice = /no space/i.test(what) ? 'make room on the disk' : 'see to the disk'
  return `${what}: ${advice}; nothing more is acked and read until then, and it is tried again each second`
}
