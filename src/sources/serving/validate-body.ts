// Whether a body is what a schema takes. Nothing of the body is repeated but the names of fields.

import { messageOf } from '../../kernel/failure.js'
import type { SchemaIssue, StandardSchema } from './standard-schema.js'

export type BodyProblem = { path: string; message: string }

const PROBLEMS_MAX = 20
const CHARS_MAX = 200
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Gives what is wrong with it: nothing where it is right. Rejects where the schema itself fails. */
export async function bodyProblems(
  body: Uint8Array,
  { '~standard': standard }: StandardSchema,
): Promise<readonly BodyProblem[]> {
  let value: unknown
  try {
    value = JSON.parse(utf8.decode(body))
  } catch {
    return [{ path: '', message: 'the body is not JSON' }]
  }
  // Whatever can be awaited: not every promise is one of this realm.
  return problemsOf(await standard.validate(value))
}

function problemsOf({
  issues = [],
}: {
  readonly issues?: readonly SchemaIssue[] | undefined
}): BodyProblem[] {
  return issues.slice(0, PROBLEMS_MAX).map(({ path = [], message }) => ({
    path: cut(path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')),
    message: cut(messageOf(message)),
  }))
}

function cut(text: string): string {
  return text.length <= CHARS_MAX ? text : `${text.slice(0, CHARS_MAX)}…`
}
