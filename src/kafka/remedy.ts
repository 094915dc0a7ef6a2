// What to do where no try will help.

import type { End } from './chosen-driver.js'
import type { KafkaErrorKind } from './kafka-error.js'

/** Says what to do about an error at one end; undefined where trying again may help. */
export function remedyFor(kind: KafkaErrorKind, end: End): string | undefined {
  if (kind === 'unknown-topic') return `create it, or correct \`${end === 'source' ? 'topics' : 'topic'}\``
  if (kind === 'denied') return `check \`sasl\`, and what its user may ${end === 'source' ? 'read' : 'write'}`
  if (kind === 'unusable') return 'check the options, and the versions of the brokers'
  return undefined
}
