// Which root a message belongs to, and which of its shares it carries: read from the record, as the runtime itself does.

import { EPOCH, SEQUENCE_DOUBLE, SHARE_HI, SHARE_LO } from '../../kernel/layout.js'
import type { Message } from '../../kernel/message.js'

export type Root = { epoch: number; sequence: number; share: string }

export function rootOf({ inbound, at }: Message): Root {
  const { words, doubles } = inbound.ring
  return {
    epoch: words[at + EPOCH],
    sequence: doubles[(at >>> 1) + SEQUENCE_DOUBLE],
    share: `${words[at + SHARE_LO]} ${words[at + SHARE_HI]}`,
  }
}
