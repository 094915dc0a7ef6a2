// What kafkajs throws, as a KafkaError.

import { messageOf } from '../../kernel/failure.js'
import { KafkaError, type KafkaErrorKind, kindOfCode } from '../kafka-error.js'

type Thrown = { name?: string; type?: string; cause?: unknown; retriable?: boolean; broker?: string }

const KINDS: Record<string, KafkaErrorKind> = {
  KafkaJSSASLAuthenticationError: 'denied',
  KafkaJSNotImplemented: 'unusable',
  KafkaJSServerDoesNotSupportApiKey: 'unusable',
  KafkaJSUnsupportedMagicByteInMessageSet: 'unusable',
  KafkaJSPartialMessageError: 'unusable',
  KafkaJSInvariantViolation: 'unusable',
}

/** Looks through the wrappers that kafkajs puts around an error after its last try. */
export function kafkajsError(thrown: unknown): KafkaError {
  if (thrown instanceof KafkaError) return thrown
  let error = (thrown ?? {}) as Thrown
  while (
    error.type === undefined &&
    !isKnown(error) &&
    typeof error.cause === 'object' &&
    error.cause !== null
  )
    error = error.cause as Thrown
  if (error instanceof KafkaError) return error
  return new KafkaError(kindOf(error), textOf(error), { cause: thrown })
}

/** Of several brokers, which one. */
function textOf(error: Thrown): string {
  const { broker } = error
  const text = messageOf(error)
  return broker === undefined || text.includes(broker) ? text : `${broker}: ${text}`
}

function isKnown({ name }: Thrown): boolean {
  return name !== undefined && Object.hasOwn(KINDS, name)
}

function kindOf({ name = '', type }: Thrown): KafkaErrorKind {
  return type === undefined ? (KINDS[name] ?? 'retriable') : kindOfCode(type)
}
