/** Tells whether user code gave a promise (anything with a `then`), or a value at once. */
export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  if (typeof value !== 'object' || value === null) return false
  try {
    return typeof (value as { then?: unknown }).then === 'function'
  } catch {
    // A proxy whose traps throw: whoever looks at the value itself says so.
    return false
  }
}

/** Gives a promise that settles once: anything else with a `then` may settle twice, or throw after it has. */
export function settlingOnce<T>(value: PromiseLike<T>): Promise<T> {
  return value instanceof Promise ? value : Promise.resolve(value)
}
