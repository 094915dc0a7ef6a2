// Waits for a condition, with a deadline: nothing here waits for time alone.

const POLL_MS = 2

/**
 * Resolves with the first truthy value of `condition`; rejects after `timeoutMs` with what was waited for.
 * @template T
 * @param {string} what
 * @param {() => T} condition
 * @returns {Promise<T>}
 */
export async function until(what, condition, timeoutMs = 30_000) {
  const deadlineMs = performance.now() + timeoutMs
  for (;;) {
    const value = condition()
    if (value) return value
    if (performance.now() > deadlineMs) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** For a fault that lasts for a time: the time is the condition. */
export function elapsed(ms) {
  const endMs = performance.now() + ms
  return until(`${ms} ms`, () => performance.now() >= endMs, ms + 60_000)
}
