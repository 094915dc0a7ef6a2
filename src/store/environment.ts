// The LMDB file of a store, in its host process. Each commit is on the disk before it returns.
// A commit that fails leaves LMDB in a state that nobody should go on with: the next one opens the file afresh.

import { open, type RootDatabase } from 'lmdb'
import type { Entries } from './host-messages.js'
import { seal, unseal } from './sealed.js'

const HEAD = 'head'
const PREFIX = 'entry:'
/** Behind all keys with the prefix. */
const PREFIX_END = 'entry;'
/** An entry of its own: who may write, and how many others there are. A torn page may look like one with nothing in it. */
type Head = { epoch: number; count: number }

export class Environment {
  readonly #path: string
  readonly #keys = new Set<string>()
  #file: RootDatabase<Buffer> | undefined
  /** Raised by each opening: whoever has an older one must not write any more. */
  #epoch = 0

  constructor(path: string) {
    this.#path = path
  }

  /** What the file held when it was opened, as far as all of it was whole. */
  found: Entries | undefined

  /** Opens the file and gives all its entries; 'broken' where they are not what was put. Throws LMDB's errors. */
  open(): Entries | 'broken' {
    const { lastTxnId } = this.#opened().getStats() as { lastTxnId: number }
    const entries: [string, Buffer][] = []
    for (const { key, value } of this.#opened().getRange({ start: PREFIX, end: PREFIX_END })) {
      const name = (key as string).slice(PREFIX.length)
      const bytes = unseal(name, value)
      if (bytes === undefined) return 'broken'
      entries.push([name, bytes])
      this.#keys.add(name)
    }
    const head = this.#head() ?? (lastTxnId === 0 ? { epoch: 0, count: 0 } : undefined)
    if (head?.count !== entries.length) return 'broken'
    this.found = entries
    this.#epoch = head.epoch + 1
    this.#commit((file) => this.#putHead(file, head.count))
    return entries
  }

  /** Puts all entries or none. Throws LMDB's errors. */
  put(entries: Entries): 'durable' | 'fenced' {
    let outcome: 'durable' | 'fenced' = 'durable'
    const fresh = new Set(entries.map(([key]) => key).filter((key) => !this.#keys.has(key)))
    this.#commit((file) => {
      // In the transaction: nobody can raise it in between.
      if (this.#head()?.epoch !== this.#epoch) outcome = 'fenced'
      else {
        for (const [key, value] of entries) file.put(PREFIX + key, seal(key, value))
        if (fresh.size > 0) this.#putHead(file, this.#keys.size + fresh.size)
      }
    })
    for (const key of fresh) this.#keys.add(key)
    return outcome
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  #opened(): RootDatabase<Buffer> {
    this.#file ??= open<Buffer, string>({
      path: this.#path,
      encoding: 'binary',
      // With it a commit would be over before it is on the disk.
      overlappingSync: false,
    })
    return this.#file
  }

  #commit(work: (file: RootDatabase<Buffer>) => void): void {
    try {
      const file = this.#opened()
      file.transactionSync(() => work(file))
    } catch (error) {
      void this.close().catch(() => undefined)
      throw error
    }
  }

  #head(): Head | undefined {
    const sealed = this.#opened().get(HEAD)
    const text = sealed && unseal(HEAD, sealed)?.toString()
    return text === undefined ? undefined : JSON.parse(text)
  }

  #putHead(file: RootDatabase<Buffer>, count: number): void {
    const head: Head = { epoch: this.#epoch, count }
    file.put(HEAD, seal(HEAD, Buffer.from(JSON.stringify(head))))
  }
}
