// fstat without an after-effect: on Node 20 and 22 a synchronous fstat of a pipe leaves in Node's own buffer that the last file looked
// at is a pipe, and the resolver of imports, which looks there, then keeps symbolic links as they are. A linked package
// (pnpm, workspaces, npm link) does not find its dependencies any more, or is loaded twice.

import { fstatSync, type Stats, statSync } from 'node:fs'

/** Does as fstatSync, and leaves imports as they were. */
export function statDescriptor(fd: number): Stats {
  const stats = fstatSync(fd)
  // Whatever is looked at last must be no pipe.
  statSync('/', { throwIfNoEntry: false })
  return stats
}
