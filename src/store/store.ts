// A small durable map, in a directory of its own: LMDB, in a process of its own (see host.ts). All entries are in memory, too.
// A file that LMDB cannot read is moved aside, and what is in memory is put into a new one.

import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError, messageOf } from '../kernel/failure.js'
import type { Log } from '../kernel/log.js'
import { makeDirectory } from '../kernel/make-directory.js'
import type { Changes, Entries } from './host-messages.js'
import { type HostProcess, type Started, startHost } from './host-process.js'
import { type Owned, own } from './owner.js'

export type StoreOptions = {
  directory: string
  /** For messages: whose store it is, and what is lost with it. */
  name: string
  ifLost: string
  log: Log
}

/** What a `put` rejects with. After 'fenced', no other put can succeed. */
export class StoreError extends Error {
  readonly kind: 'failed' | 'fenced'

  constructor(kind: 'failed' | 'fenced', message: string) {
    super(message)
    this.kind = kind
  }
}

/** So often in a row the host may crash while it puts; then its file is taken for broken. */
const CRASHES_MAX = 2

/** Opens the store of a directory, which is made where it is missing. Rejects with ERR_OPEN, which says what to do. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { directory, name } = options
  let owned: Owned
  try {
    makeDirectory(directory)
    owned = own(directory)
  } catch (cause) {
    throw new MillraceError('ERR_OPEN', `${name}: ${directory}: ${explain(cause)}`, { cause })
  }
  if ('heldBy' in owned) {
    const what = `process ${owned.heldBy} uses it, and only one can: end that one, or give each a directory of its own`
    throw new MillraceError('ERR_OPEN', `${name}: ${directory}: ${what} (it says so by ${owned.file})`)
  }
  const store = new Store(options, owned.release)
  try {
    await store.start()
    return store
  } catch (cause) {
    owned.release()
    throw new MillraceError('ERR_OPEN', `${name}: ${directory}: ${messageOf(cause)}`, { cause })
  }
}

export class Store {
  readonly #options: StoreOptions
  readonly #path: string
  readonly #release: () => void
  readonly #entries = new Map<string, Uint8Array>()
  /** Then the entries are what is durable, even where there are none. */
  #isKnown = false
  #host: HostProcess | undefined
  #crashes = 0
  #isFenced = false

  constructor(options: StoreOptions, release: () => void) {
    this.#options = options
    this.#path = join(options.directory, 'store.mdb')
    this.#release = release
  }

  /** What is durable. */
  get entries(): ReadonlyMap<string, Uint8Array> {
    return this.#entries
  }

  /**
   * Puts entries, and deletes those whose value is null: all or none. Resolves when that is on the disk; rejects with a
   * StoreError. One call at a time, each key once.
   */
  async put(changes: Changes): Promise<void> {
    await this.start()
    const answer = await (this.#host as HostProcess).put(changes)
    if (answer.kind === 'durable') {
      this.#crashes = 0
      for (const [key, value] of changes) {
        if (value === null) this.#entries.delete(key)
        else this.#entries.set(key, value)
      }
      return
    }
    if (answer.kind === 'fenced') {
      this.#isFenced = true
      throw new StoreError('fenced', 'it was opened a second time since, and only the last one may write')
    }
    if (answer.kind === 'failed') throw new StoreError('failed', answer.reason)
    await this.#host?.close()
    this.#host = undefined
    if (answer.kind === 'broken') this.#crashes = CRASHES_MAX
    else this.#crashes = answer.crashed ? this.#crashes + 1 : 0
    throw new StoreError('failed', answer.kind === 'ended' ? `its process ${answer.reason}` : answer.reason)
  }

  /** Closes it, when a put that goes on has ended. */
  async close(): Promise<void> {
    const host = this.#host
    this.#host = undefined
    await host?.close()
    // The file in the directory is the process's, not this one's: whoever opened it later needs it.
    if (!this.#isFenced) this.#release()
  }

  /** Internal: starts a host process where there is none. */
  async start(): Promise<void> {
    if (this.#host !== undefined) return
    const isNew = !existsSync(this.#path)
    let started = await startHost(this.#path)
    // Once more, lest a file is given up for nothing.
    if (started.kind === 'broken') started = await startHost(this.#path)
    if (started.kind === 'broken' && started.entries !== undefined) this.#keep(started.entries)
    const reason = started.kind === 'broken' ? started.reason : this.#whyBroken()
    if (!isNew && reason !== undefined) started = await this.#startAfresh(started, reason)
    if (started.kind !== 'opened') throw new StoreError('failed', started.reason)
    if (this.#isKnown) await this.#rewrite(started.host, started.entries)
    else this.#keep(started.entries)
    this.#host = started.host
  }

  /** What a file holds, where nothing newer is in memory. */
  #keep(entries: Entries): void {
    if (this.#isKnown) return
    for (const [key, value] of entries) this.#entries.set(key, value)
    this.#isKnown = true
  }

  /** What is in memory was durable once, and may be newer than what a new host has found; of the rest nobody was told. */
  async #rewrite(host: HostProcess, found: Entries): Promise<void> {
    const rest = found.flatMap(([key]) => (this.#entries.has(key) ? [] : [[key, null] as const]))
    const answer = await host.put([...this.#entries, ...rest])
    if (answer.kind === 'durable') return
    await host.close()
    throw new StoreError('failed', 'reason' in answer ? answer.reason : answer.kind)
  }

  #whyBroken(): string | undefined {
    return this.#crashes < CRASHES_MAX ? undefined : 'nothing can be put into it'
  }

  async #startAfresh(before: Started, reason: string): Promise<Started> {
    if (before.kind === 'opened') await before.host.close()
    const aside = moveAside(this.#path)
    this.#crashes = 0
    const { name, directory, ifLost, log } = this.#options
    const left = this.#isKnown ? 'nothing is lost: what it held is in memory, and written anew' : ifLost
    log.error(`${name}: ${directory}: the store is broken (${reason}), and was moved to ${aside}: ${left}`)
    return startHost(this.#path)
  }
}

/** Renames a broken file to the first free name, and gives that. */
function moveAside(path: string): string {
  let number = 1
  while (existsSync(`${path}.corrupt-${number}`)) number++
  const aside = `${path}.corrupt-${number}`
  renameSync(path, aside)
  rmSync(`${path}-lock`, { force: true })
  return aside
}

function explain(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EEXIST':
    case 'ENOTDIR':
      return 'it is a file, or lies in one: give the path of a directory'
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `it cannot be written (${messageOf(error)}): let this user write it, or give another directory`
    case 'ENOSPC':
      return 'the disk is full: make room, or give a directory elsewhere'
    default:
      return messageOf(error)
  }
}
