// The keys of a message as the key of a record. A single one is taken as it lies in the mailbox: no text is made of it.

import { joinKeys } from '../../kafka/own-headers.js'
import { flagsAt, HAS_KEYS, variableSection } from '../../kernel/codec.js'
import type { Message } from '../../kernel/message.js'

/** Null where there are none. Of a single key the bytes are still the message's. */
export function joinedKeys(message: Message): Buffer | null {
  const { ring } = message.inbound
  const flags = flagsAt(ring, message.at)
  if ((flags & HAS_KEYS) === 0) return null
  // The list's bytes; then each key's, and the key.
  const byte = variableSection(ring, flags, message.at, HAS_KEYS)
  const keyBytes = ring.bytes.readUInt32LE(byte + 4)
  if (ring.words[byte >>> 2] === 4 + keyBytes) return ring.bytes.subarray(byte + 8, byte + 8 + keyBytes)
  return Buffer.from(joinKeys(message.keys))
}
