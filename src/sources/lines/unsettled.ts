// Which lines of a file are given and not settled, in the order of the file. Its first one is the low watermark: everything
// before it is settled. Memory and time go with what is unsettled, not with how far ahead of it others were settled.
//
//   0 ..... head ............................ tail ..... capacity
//   free  | offsets, rising; settled ones have a mark | free

const CAPACITY = 1_024

export class Unsettled {
  #offsets = new Float64Array(CAPACITY)
  /** 1 for a line that was settled before one that lies ahead of it. */
  #marks = new Uint8Array(CAPACITY)
  #head = 0
  #tail = 0
  #marked = 0
  /** Where the next one is looked for first: mostly they are settled in order. */
  #guess = 0

  /** How many there are. */
  get size(): number {
    return this.#tail - this.#head - this.#marked
  }

  /** The offset of the first one; undefined if there is none. */
  get lowest(): number | undefined {
    return this.#head === this.#tail ? undefined : this.#offsets[this.#head]
  }

  /** Adds a line that lies behind all others. */
  add(offset: number): void {
    if (this.#tail === this.#offsets.length) this.#makeRoom()
    this.#offsets[this.#tail] = offset
    this.#marks[this.#tail] = 0
    this.#tail++
  }

  /** Settles a line; one that is not there is passed over. */
  settle(offset: number): void {
    const guess = this.#guess
    const index = guess < this.#tail && this.#offsets[guess] === offset ? guess : this.#indexOf(offset)
    if (index < this.#head || index >= this.#tail || this.#offsets[index] !== offset) return
    if (this.#marks[index] === 1) return
    this.#marks[index] = 1
    this.#marked++
    this.#guess = index + 1
    while (this.#head < this.#tail && this.#marks[this.#head] === 1) {
      this.#head++
      this.#marked--
    }
    if (this.#head === this.#tail) this.#head = this.#tail = this.#guess = 0
  }

  /** Leaves out what is settled; where that is too little, there is twice the room. */
  #makeRoom(): void {
    const [offsets, marks] = [this.#offsets, this.#marks]
    const isFull = 2 * this.size > offsets.length
    if (isFull) this.#offsets = new Float64Array(2 * offsets.length)
    let tail = 0
    for (let i = this.#head; i < this.#tail; i++) if (marks[i] === 0) this.#offsets[tail++] = offsets[i]
    this.#marks = isFull ? new Uint8Array(2 * offsets.length) : marks.fill(0)
    this.#head = this.#marked = this.#guess = 0
    this.#tail = tail
  }

  /** The first index whose offset is not below this one. */
  #indexOf(offset: number): number {
    let low = this.#head
    let high = this.#tail
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#offsets[middle] < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
