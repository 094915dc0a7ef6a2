// What went wrong, in terms that the source and the sink act on, whichever client said it.

/**
 * retriable: may go by itself (a connection, a leader, a time-out).
 * too-large, rejected: this record, or batch, will never be taken.
 * unknown-topic: it does not exist (now). denied: credentials or rights.
 * fenced: said under a generation that is over. unusable: no try will help; the configuration or the client is wrong.
 */
export type KafkaErrorKind =
  | 'retriable'
  | 'too-large'
  | 'rejected'
  | 'unknown-topic'
  | 'denied'
  | 'fenced'
  | 'unusable'

export class KafkaError extends Error {
  readonly kind: KafkaErrorKind

  constructor(kind: KafkaErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'KafkaError'
    this.kind = kind
  }
}

/** Errors of Kafka's protocol by name; what is not listed may be tried again. */
const KINDS: Record<string, KafkaErrorKind> = {
  MESSAGE_TOO_LARGE: 'too-large',
  RECORD_LIST_TOO_LARGE: 'too-large',
  INVALID_RECORD: 'rejected',
  INVALID_TIMESTAMP: 'rejected',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'rejected',
  UNKNOWN_TOPIC_OR_PARTITION: 'unknown-topic',
  UNKNOWN_TOPIC_ID: 'unknown-topic',
  INCONSISTENT_TOPIC_ID: 'unknown-topic',
  INVALID_TOPIC_EXCEPTION: 'rejected',
  TOPIC_AUTHORIZATION_FAILED: 'denied',
  GROUP_AUTHORIZATION_FAILED: 'denied',
  CLUSTER_AUTHORIZATION_FAILED: 'denied',
  SASL_AUTHENTICATION_FAILED: 'denied',
  UNSUPPORTED_SASL_MECHANISM: 'denied',
  ILLEGAL_SASL_STATE: 'denied',
  ILLEGAL_GENERATION: 'fenced',
  UNKNOWN_MEMBER_ID: 'fenced',
  REBALANCE_IN_PROGRESS: 'fenced',
  FENCED_INSTANCE_ID: 'fenced',
  INVALID_GROUP_ID: 'unusable',
  INVALID_SESSION_TIMEOUT: 'unusable',
  INCONSISTENT_GROUP_PROTOCOL: 'unusable',
  UNSUPPORTED_VERSION: 'unusable',
  UNSUPPORTED_COMPRESSION_TYPE: 'unusable',
}

/** Gives what an error of the protocol means for us. */
export function kindOfCode(code: string): KafkaErrorKind {
  return KINDS[code] ?? 'retriable'
}
