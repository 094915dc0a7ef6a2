// A number that several threads agree on: that of whoever was first counts for all, also for those that come later.
// One word: 0 until somebody has said something.

/** Makes the memory of one. */
export function createAgreementMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
}

/** Says a number, which is not 0; gives the one that counts. */
export function agree(memory: SharedArrayBuffer, number: number): number {
  return Atomics.compareExchange(new Int32Array(memory), 0, 0, number) || number
}
