// The control plane between the main thread and a worker thread: remote calls by comlink, never data.
// A call to a dead thread would never settle: every call races the thread's end and a deadline (T2).

import type { MessagePort } from 'node:worker_threads'
import * as Comlink from 'comlink'
import { countText } from './count-text.js'
import { within } from './deadline.js'
import { MillraceError, messageOf } from './failure.js'

/** Serves an object's methods to the other side of a port. */
export function serve(api: object, port: MessagePort): void {
  Comlink.expose(api, port as unknown as Comlink.Endpoint)
}

/** Gives the other side's methods, as promises. */
export function remote<Api extends object>(port: MessagePort): Comlink.Remote<Api> {
  return Comlink.wrap<Api>(port as unknown as Comlink.Endpoint)
}

/** Resolves as the call does, or rejects when the thread ends first, with the `error` of its end, or the time is over. */
export async function call<Result>(
  what: string,
  result: Promise<Result>,
  ended: Promise<unknown>,
  timeoutMs: number,
): Promise<Result> {
  const gone = ended.then((exit) => {
    const { error } = (exit ?? {}) as { error?: unknown }
    const why = error === undefined ? '' : `: ${messageOf(error)}`
    throw new MillraceError('ERR_THREAD', `${what}: the thread has ended${why}`, { cause: error })
  })
  gone.catch(() => {})
  return within(timeoutMs, Promise.race([result, gone]), () => {
    throw new MillraceError('ERR_THREAD', `${what}: no answer within ${countText(timeoutMs)} ms`)
  })
}
