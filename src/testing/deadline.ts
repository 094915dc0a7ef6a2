// Deadlines of the suites: nothing under test is waited for without one. The only file here with timers.

/**
 * Gives what the work gives, or what `late` gives after `timeoutMs`. The timer keeps the process alive until then;
 * what the work does afterwards is ignored, a rejection too.
 */
export async function within<T, L>(
  work: T | PromiseLike<T>,
  timeoutMs: number,
  late: () => L,
): Promise<T | L> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, LATE)
  })
  try {
    const first = await Promise.race([work, deadline])
    return first === LATE ? late() : first
  } finally {
    clearTimeout(timer)
  }
}

/** Resolves after `ms`: for asking again, never for hoping that something has happened. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

/** Starts work now, and gives a promise of it whether it throws, rejects, or returns. */
export async function start<T>(work: () => T | PromiseLike<T>): Promise<T> {
  return await work()
}

const LATE = Symbol('late')
