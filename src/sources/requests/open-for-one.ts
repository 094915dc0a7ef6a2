// A source is open for one topology: the one that opened it last would get what was meant for the others, who would wait for ever.

import { MillraceError } from '../../kernel/failure.js'

const open = new WeakSet<object>()

/**
 * Opens a source, by its settings, which are its own. Rejects with ERR_OPEN where it is open already; `name` is that of the source,
 * and of its factory. Gives a function that gives it back when it is closed.
 */
export async function openForOne(
  name: string,
  settings: object,
  begin: () => Promise<void>,
): Promise<() => void> {
  if (open.has(settings)) {
    const what = `it is open for a topology already: make one for each with ${name}(…)`
    throw new MillraceError('ERR_OPEN', `${name}: ${what}`)
  }
  open.add(settings)
  const release = () => void open.delete(settings)
  try {
    await begin()
  } catch (error) {
    release()
    throw error
  }
  return release
}
