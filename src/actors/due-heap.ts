// What is due at some time, earliest first: a binary heap.

export class DueHeap<T extends { dueMs: number }> {
  private readonly items: T[] = []

  get size(): number {
    return this.items.length
  }

  /** When the earliest is due, or Infinity. */
  get nextMs(): number {
    return this.items.length === 0 ? Number.POSITIVE_INFINITY : this.items[0].dueMs
  }

  push(item: T): void {
    const { items } = this
    let i = items.length
    items.push(item)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (items[parent].dueMs <= item.dueMs) break
      items[i] = items[parent]
      i = parent
    }
    items[i] = item
  }

  /** Takes the earliest if it is due at `nowMs`. */
  pop(nowMs: number): T | undefined {
    const { items } = this
    if (items.length === 0 || items[0].dueMs > nowMs) return undefined
    const first = items[0]
    const last = items.pop() as T
    if (items.length > 0) this.sink(last)
    return first
  }

  private sink(item: T): void {
    const { items } = this
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= items.length) break
      if (child + 1 < items.length && items[child + 1].dueMs < items[child].dueMs) child++
      if (items[child].dueMs >= item.dueMs) break
      items[i] = items[child]
      i = child
    }
    items[i] = item
  }
}
