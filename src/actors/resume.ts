// Where a successor of the reader goes on (R2): the lowest position that is not known to be settled. It is kept in the reader's
// cell, so it is exactly as old as what the reader has committed. For sources that are one stream, in the order of their positions.

import { offsetHalves, offsetOf } from '../kernel/codec.js'
import type { SourcePosition } from '../sources/source.js'
import type { Completed } from './in-flight.js'
import { RESUME_REGISTER } from './registers.js'

export class Resume {
  private readonly registers: Float64Array
  private partition = 0
  private offset: bigint | number = 0
  private hasRead = false

  /** The registers of the reader's cell. */
  constructor(registers: Float64Array) {
    this.registers = registers
  }

  /** A record at this position was read; one that is given again after a nack is behind those that were. */
  read(partition: number, offset: bigint | number): void {
    const isBehind = partition < this.partition || (partition === this.partition && offset < this.offset)
    if (this.hasRead && isBehind) return
    this.partition = partition
    this.offset = offset
    this.hasRead = true
  }

  /** Writes the registers for the next commit: `lowest` unsettled root, `again`: lowest other position that is to be given again. */
  save(lowest: Completed | undefined, again: SourcePosition | undefined): void {
    if (!this.hasRead) return
    if (lowest !== undefined) this.write(lowest.partition, lowest.offsetLo, lowest.offsetHi)
    else {
      const [lo, hi] = offsetHalves(this.offset)
      const nextLo = (lo + 1) | 0
      this.write(this.partition, nextLo, nextLo === 0 ? (hi + 1) | 0 : hi)
    }
    if (again !== undefined && isBelow(again, resumeOf(this.registers) as SourcePosition))
      this.write(again.partition, ...offsetHalves(again.offset))
  }

  private write(partition: number, lo: number, hi: number): void {
    const { registers } = this
    registers[RESUME_REGISTER] = 1
    registers[RESUME_REGISTER + 1] = partition
    registers[RESUME_REGISTER + 2] = lo
    registers[RESUME_REGISTER + 3] = hi
  }
}

/** Gives where a successor goes on; undefined where nothing with an offset was read. */
export function resumeOf(registers: Float64Array): SourcePosition | undefined {
  if (registers[RESUME_REGISTER] === 0) return undefined
  const [partition, lo, hi] = registers.subarray(RESUME_REGISTER + 1)
  return { partition, offset: offsetOf(lo, hi) }
}

/** Tells whether a position comes before another. */
export function isBelow(one: SourcePosition, other: SourcePosition): boolean {
  return one.partition === other.partition ? one.offset < other.offset : one.partition < other.partition
}
