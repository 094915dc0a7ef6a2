// What service managers ask. No token is needed, so nothing is said but words of ours and the names of the plan.

import type { ServerResponse } from 'node:http'
import type { AdminView } from './admin-view.js'

const STARTING = { state: 'starting', ready: false, troubles: [], degraded: undefined }

/** 200 while the main thread turns and the topology has not failed. Who asks may then end the process, and start it again. */
export function answerLive(view: AdminView | undefined, response: ServerResponse, isHead: boolean): void {
  const state = view?.inspect().state ?? 'starting'
  write(response, isHead, state === 'failed' ? 503 : 200, { state })
}

/** 200 while everything works; 503 before the start, while something does not work, and from the beginning of a drain on. */
export function answerReady(view: AdminView | undefined, response: ServerResponse, isHead: boolean): void {
  const { state, ready, troubles, degraded } = view?.inspect() ?? STARTING
  write(response, isHead, ready ? 200 : 503, { ready, state, troubles, ...(degraded && { degraded }) })
}

function write(response: ServerResponse, isHead: boolean, status: number, value: object): void {
  const body = `${JSON.stringify(value)}\n`
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    // Anybody may ask: nobody keeps a place by it.
    Connection: 'close',
  })
  response.end(isHead ? undefined : body)
}
