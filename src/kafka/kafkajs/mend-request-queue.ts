// https://github.com/tulios/kafkajs/issues/1751: each answer arms a timer with a negative time, though nothing waits and
// nothing is throttled. Node 24 warns of it, and an idle connection wakes up for nothing.

import { createRequire } from 'node:module'
import { wallClockMs } from '../../kernel/clock.js'

type RequestQueue = {
  pending: readonly unknown[]
  throttledUntil: number
  scheduleCheckPendingRequests(): void
}

let isMended = false

/** Arms that timer only where something waits for it. Done once. */
export function mendRequestQueue(): void {
  if (isMended) return
  isMended = true
  const require = createRequire(import.meta.url)
  const { prototype } = require('kafkajs/src/network/requestQueue/index.js') as { prototype: RequestQueue }
  const { scheduleCheckPendingRequests: schedule } = prototype
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0 || this.throttledUntil > wallClockMs()) schedule.call(this)
  }
}
