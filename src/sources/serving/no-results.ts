// Where nothing is kept: nobody is accepted, and nothing is known of any id.

import type { ResultStore } from '../../results/result-store.js'

export const NO_RESULTS: ResultStore = {
  name: 'no results',
  durable: false,
  accept: async () => 'full',
  finish: async () => {},
  forget: async () => {},
  get: () => undefined,
  async *unfinished() {},
}
