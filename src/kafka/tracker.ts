// Which records of one assignment of a partition were given, and what became of them. Its low watermark is all that may be
// committed: everything before it is settled, or was never there. Pure: no clock, no client.
//
//   0 ..... head ........................................... tail ..... capacity
//   free  | given, in the order of the log, each with a state | free

const CAPACITY = 1_024

const IN_FLIGHT = 0
const SETTLED = 1
/** Given back; it waits until it may be given again. */
const NACKED = 2
/** To be given again when it is read again. */
const DUE = 3

/** new: given for the first time. again: it was due. known: in flight, settled, or not due yet, so not to be given. */
export type Given = 'new' | 'again' | 'known'

export class Tracker {
  #offsets = new Float64Array(CAPACITY)
  #states = new Uint8Array(CAPACITY)
  #head = 0
  #tail = 0
  #next: number
  #inFlight = 0
  #due = 0

  /** `start` is the offset that is read first. */
  constructor(start: number) {
    this.#next = start
  }

  /** Everything before it is settled. It never goes back. */
  get lowWatermark(): number {
    return this.#head === this.#tail ? this.#next : this.#offsets[this.#head]
  }

  /** All before it were given, or are not there. */
  get next(): number {
    return this.#next
  }

  /** How many are given and not settled. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** How many are remembered: from the lowest that is not settled on. */
  get size(): number {
    return this.#tail - this.#head
  }

  /** How many are to be given again as soon as they are read again. */
  get due(): number {
    return this.#due
  }

  /** A record was read: is it to be given? If so it is in flight from now on. Offsets in between are gaps of the log. */
  give(offset: number): Given {
    if (offset >= this.#next) {
      this.#append(offset)
      this.#next = offset + 1
      this.#inFlight++
      return 'new'
    }
    if (this.#due === 0) return 'known'
    const at = this.#indexOf(offset)
    if (at < 0 || this.#states[at] !== DUE) return 'known'
    this.#states[at] = IN_FLIGHT
    this.#due--
    this.#inFlight++
    return 'again'
  }

  /**
   * All before `offset` was read, from `from` on. Gives those that were due there and were not found: they have left the log
   * (compaction, retention), and are settled.
   */
  passed(from: number, offset: number): number[] {
    if (offset > this.#next) this.#next = offset
    if (this.#due === 0) return []
    const lost: number[] = []
    for (let at = this.#head; at < this.#tail && this.#offsets[at] < offset; at++) {
      if (this.#states[at] !== DUE || this.#offsets[at] < from) continue
      lost.push(this.#offsets[at])
      this.#due--
      this.#states[at] = SETTLED
    }
    this.#advance()
    return lost
  }

  /** It is done. False where it is not in flight. */
  ack(offset: number): boolean {
    return this.#leave(offset, SETTLED)
  }

  /** It is not done, and holds the watermark until it was given again and acked. False where it is not in flight. */
  nack(offset: number): boolean {
    return this.#leave(offset, NACKED)
  }

  /** A nacked one may be given again: its log is to be read again from there. False where it is not nacked. */
  makeDue(offset: number): boolean {
    const at = this.#indexOf(offset)
    if (at < 0 || this.#states[at] !== NACKED) return false
    this.#states[at] = DUE
    this.#due++
    return true
  }

  #leave(offset: number, state: number): boolean {
    const at = this.#indexOf(offset)
    if (at < 0 || this.#states[at] !== IN_FLIGHT) return false
    this.#states[at] = state
    this.#inFlight--
    if (at === this.#head) this.#advance()
    return true
  }

  #advance(): void {
    while (this.#head < this.#tail && this.#states[this.#head] === SETTLED) this.#head++
    if (this.#head !== this.#tail) return
    this.#head = 0
    this.#tail = 0
  }

  #append(offset: number): void {
    if (this.#tail === this.#offsets.length) this.#makeRoom()
    this.#offsets[this.#tail] = offset
    this.#states[this.#tail++] = IN_FLIGHT
  }

  #makeRoom(): void {
    const [offsets, states] = [this.#offsets, this.#states]
    // Half of it free at least: moving costs less than one step for each record.
    if (this.size > offsets.length / 2) {
      this.#offsets = new Float64Array(2 * offsets.length)
      this.#states = new Uint8Array(2 * offsets.length)
    }
    this.#offsets.set(offsets.subarray(this.#head, this.#tail))
    this.#states.set(states.subarray(this.#head, this.#tail))
    this.#tail -= this.#head
    this.#head = 0
  }

  /** -1 where it is not remembered. */
  #indexOf(offset: number): number {
    const offsets = this.#offsets
    // Where the log has no gaps, its place is known.
    const guess = this.#head + (offset - offsets[this.#head])
    if (guess >= this.#head && guess < this.#tail && offsets[guess] === offset) return guess
    let low = this.#head
    let high = this.#tail
    while (low < high) {
      const middle = (low + high) >>> 1
      if (offsets[middle] < offset) low = middle + 1
      else high = middle
    }
    return low < this.#tail && offsets[low] === offset ? low : -1
  }
}
