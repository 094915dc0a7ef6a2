// I8: the memory of a process before a moment, and after it.

import { residentMiB } from './proc.mjs'
import { Sampler } from './sampler.mjs'

/** Looks at a process until it is asked. */
export class Resident {
  constructor(pid) {
    this.sampler = new Sampler(() => ({ wallMs: Date.now(), mib: residentMiB(pid) }))
    /** @type {{ wallMs: number, mib: number }[]} */
    this.samples = []
  }

  /** Looks no more. */
  stop() {
    this.samples = this.sampler.stop().map(({ value }) => value)
  }

  /** The most in MiB between two moments, 0 where it was not looked at. */
  mostBetween(fromMs, toMs = Number.POSITIVE_INFINITY) {
    let most = 0
    for (const { wallMs, mib } of this.samples)
      if (wallMs >= fromMs && wallMs < toMs) most = Math.max(most, mib)
    return most
  }
}
