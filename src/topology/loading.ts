// Which modules are being imported on this thread: for those who tell why nothing goes on, or why the process ends.

type Watcher = { readonly href: string; readonly call: (isLoading: boolean) => void }

const begun = new Map<string, number>()
const watchers = new Set<Watcher>()

/** Tells whether a module's import has begun and not ended. */
export function isLoading(url: URL): boolean {
  return begun.has(url.href)
}

/** Calls it just before a module's import begins, and when it has ended, until the returned function is called. */
export function watchLoading({ href }: URL, call: (isLoading: boolean) => void): () => void {
  const watcher = { href, call }
  watchers.add(watcher)
  return () => watchers.delete(watcher)
}

/** Notes that an import has begun; gives what notes its end. */
export function beginLoading({ href }: URL): () => void {
  note(href, 1)
  return () => note(href, -1)
}

function note(href: string, change: 1 | -1): void {
  const count = (begun.get(href) ?? 0) + change
  if (count > 0) begun.set(href, count)
  else begun.delete(href)
  // Another import of it was, or is, going on.
  if (count > 1 || (count === 1 && change === -1)) return
  for (const watcher of watchers) if (watcher.href === href) watcher.call(count > 0)
}
