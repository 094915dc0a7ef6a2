// The epoch of a root (R1): which life of a reader gave it, and of which reader where there are several. They count in turn: of two
// readers one has the epochs 1, 3, 5…, the other 2, 4, 6…

/** Gives the epoch of a life: `life` and `reader` count from 0. */
export function epochOfLife(life: number, reader: number, readers: number): number {
  return life * readers + reader + 1
}

/** Gives the number of the reader that has an epoch. */
export function readerOf(epoch: number, readers: number): number {
  return readers === 1 ? 0 : (epoch - 1) % readers
}
