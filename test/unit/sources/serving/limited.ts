// A simulated service behind a limit, for tests.

import type { ConcurrencyLimit } from '../../../../src/sources/serving/concurrency-limit.js'
import { type Gate, type Outcome, type Service, simulate } from './service.js'

/** Without a limit everybody comes in. */
export function gateOf(limit: ConcurrencyLimit | undefined): Gate {
  let inFlight = 0
  return {
    admit: () => {
      const isIn = inFlight < (limit?.limit ?? Infinity)
      if (isIn) inFlight++
      return isIn
    },
    release: (_, latencyMs, isLate) => {
      if (isLate) limit?.dropped(inFlight)
      else limit?.observe(latencyMs, inFlight)
      inFlight--
    },
  }
}

export function runLimited(limit: ConcurrencyLimit | undefined, service: Omit<Service, 'gate'>): Outcome {
  const [outcome] = simulate({ ...service, gate: gateOf(limit) }).values()
  return outcome
}
