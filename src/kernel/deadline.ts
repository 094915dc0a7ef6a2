// A deadline for a promise that may never settle.

/** Resolves as the promise does, or, when the time is over before, as `late` does. The promise itself goes on. */
export async function within<Value>(
  timeoutMs: number,
  promise: Promise<Value>,
  late: () => Value | Promise<Value>,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs)
  })
  try {
    return await Promise.race([promise, over.then(late)])
  } finally {
    clearTimeout(timer)
  }
}
