// What the admin port sees of a running topology: it reads, and changes nothing.

import type { Counters } from '../kernel/counters.js'
import type { Inspection } from '../topology/running.js'

export type AdminView = {
  inspect(): Inspection
  /** One an actor, in the order of `inspect().actors`. */
  readonly counters: readonly Counters[]
  /** One a mailbox, in the order of `inspect().mailboxes`. */
  readonly mailboxes: readonly SharedArrayBuffer[]
}
