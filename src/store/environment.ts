// The LMDB file of a store, in its host process. Each commit is on the disk before it returns.
// A commit that fails leaves LMDB in a state that nobody should go on with: the next one opens the file afresh.

import { open, type RootDatabase } from 'lmdb'
import type { Changes, Entries } from './host-messages.js'
import { seal, unseal } from './sealed.js'

const HEAD = 'head'
const PREFIX = 'entry:'
/** Behind all keys with the prefix. */
const PREFIX_END = 'entry;'
/** An entry of its own: who may write, and how many others there are. A torn page may look like one with nothing in it. */
type Head = { epoch: number; count: number }
type Read = { entries: Entries; epoch: number }

export class Environment {
  readonly #path: string
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
    const txnId = this.#lastTxnId()
    const first = this.#read()
    if (first === 'broken') return first
    this.found = first.entries
    return this.#commit((file) => {
      // The host of a process that was killed may still have put something; from here on it is fenced.
      const read = this.#lastTxnId() === txnId ? first : this.#read()
      if (read === 'broken') return read
      this.#epoch = read.epoch + 1
      this.#putHead(file, read.entries.length)
      return read.entries
    })
  }

  /** Does all changes or none. Throws LMDB's errors. */
  put(changes: Changes): 'durable' | 'fenced' {
    let outcome: 'durable' | 'fenced' = 'durable'
    this.#commit((file) => {
      // In the transaction: nobody can raise it in between. The count is the file's: a commit that failed may have been one.
      const head = this.#head()
      if (head?.epoch !== this.#epoch) {
        outcome = 'fenced'
        return
      }
      let { count } = head
      for (const [key, value] of changes) {
        const isThere = file.doesExist(PREFIX + key)
        count += Number(value !== null) - Number(isThere)
        if (value !== null) file.put(PREFIX + key, seal(key, value))
        else if (isThere) file.remove(PREFIX + key)
      }
      if (count !== head.count) this.#putHead(file, count)
    })
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

  /** Of one state of the file: nothing is awaited. */
  #read(): Read | 'broken' {
    const isNew = this.#lastTxnId() === 0
    const entries: [string, Buffer][] = []
    for (const { key, value } of this.#opened().getRange({ start: PREFIX, end: PREFIX_END })) {
      const name = (key as string).slice(PREFIX.length)
      const bytes = unseal(name, value)
      if (bytes === undefined) return 'broken'
      entries.push([name, bytes])
    }
    const head = this.#head() ?? (isNew ? { epoch: 0, count: 0 } : undefined)
    return head?.count === entries.length ? { entries, epoch: head.epoch } : 'broken'
  }

  #lastTxnId(): number {
    return (this.#opened().getStats() as { lastTxnId: number }).lastTxnId
  }

  #commit<Result>(work: (file: RootDatabase<Buffer>) => Result): Result {
    try {
      const file = this.#opened()
      return file.transactionSync(() => work(file))
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
