// What @platformatic/kafka throws, as a KafkaError: its errors come in lists of lists.

import { messageOf } from '../../kernel/failure.js'
import { KafkaError, type KafkaErrorKind, kindOfCode } from '../kafka-error.js'

type Thrown = { code?: string; apiId?: string; message?: string; errors?: unknown[]; cause?: unknown }

const KINDS: Record<string, KafkaErrorKind> = {
  PLT_KFK_AUTHENTICATION: 'denied',
  PLT_KFK_UNSUPPORTED_API: 'unusable',
  PLT_KFK_UNSUPPORTED_COMPRESSION: 'unusable',
  PLT_KFK_UNSUPPORTED_FORMAT: 'unusable',
}

export function platformaticError(thrown: unknown): KafkaError {
  if (thrown instanceof KafkaError) return thrown
  const errors = leavesOf(thrown as Thrown)
  const known = errors.map((error) => ({ error, kind: kindOf(error) }))
  // Of several, the one that trying again does not mend.
  const { error, kind } = known.find((each) => each.kind !== 'retriable') ?? known[0]
  return new KafkaError(kind, textOf(error), { cause: thrown })
}

/** The client says that a connection has failed, and only in the cause why. Its sentences end with a point, ours go on. */
function textOf(error: Thrown): string {
  const { cause } = error ?? {}
  const texts = [messageOf(error), ...(isThrown(cause) && cause.message ? [cause.message] : [])]
  return texts.map((text) => text.replace(/\.$/, '')).join(': ')
}

/** Makes the error of a code in a response. */
export function protocolError(
  codes: Record<number, string>,
  code: number,
  message?: string | null,
): KafkaError {
  const name = codes[code] ?? `error ${code}`
  return new KafkaError(kindOfCode(name), message ? `${name}: ${message}` : name)
}

function leavesOf(thrown: Thrown, depth = 0): Thrown[] {
  const inner = thrown?.errors
  if (Array.isArray(inner) && inner.length > 0 && depth < 8)
    return inner.flatMap((each) => leavesOf(each as Thrown, depth + 1))
  // An error of the network may hide why the broker hung up.
  if (thrown?.code !== 'PLT_KFK_AUTHENTICATION' && isThrown(thrown?.cause) && depth < 8)
    return [thrown, ...leavesOf(thrown.cause, depth + 1)]
  return [thrown]
}

function isThrown(cause: unknown): cause is Thrown {
  return typeof cause === 'object' && cause !== null
}

function kindOf(error: Thrown): KafkaErrorKind {
  if (error?.apiId !== undefined) return kindOfCode(error.apiId)
  // A login on which an answer did not come is not a wrong one. Time-outs have this code, too.
  if (isThrown(error?.cause) && error.cause.code === 'PLT_KFK_NETWORK') return 'retriable'
  // Version 1 has no code for it.
  if (/^Unknown topic /.test(error?.message ?? '')) return 'unknown-topic'
  return KINDS[error?.code ?? ''] ?? 'retriable'
}
