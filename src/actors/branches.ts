// The next stage, where it has branches: alternatives with mailboxes of their own, chosen by a message's tags.

import type { Outbound } from '../kernel/outbound.js'

export type Branches = {
  /** Gives the number of the branch that takes a message with these tags: there is always one. */
  choose(tags: readonly string[]): number
  /** The outbounds of each branch. */
  outbounds: readonly (readonly Outbound[])[]
}
