// Which modules are being imported on this thread: for those who tell why nothing goes on, or why the process ends.

const begun = new Map<string, number>()

/** Tells whether a module's import has begun and not ended. */
export function isLoading(url: URL): boolean {
  return begun.has(url.href)
}

/** Notes that an import has begun; gives what notes its end. */
export function beginLoading({ href }: URL): () => void {
  begun.set(href, (begun.get(href) ?? 0) + 1)
  return () => {
    const left = (begun.get(href) ?? 0) - 1
    if (left > 0) begun.set(href, left)
    else begun.delete(href)
  }
}
