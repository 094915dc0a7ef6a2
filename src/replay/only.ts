// Which dead letters are meant: `reason=timeout`.

import type { Envelope } from '../kernel/envelope.js'

export const ONLY_FIELDS = ['reason', 'error', 'stage', 'id', 'key', 'tag'] as const
/** Plain data: it crosses threads. */
export type Only = { field: (typeof ONLY_FIELDS)[number]; text: string }

/** Tells whether a dead letter is meant: its reason or error has the text in it; all else is the text. */
export function isMeant({ id, keys, tags, headers }: Envelope, { field, text }: Only): boolean {
  const header = (name: string) => String(headers[`millrace-${name}`] ?? '')
  switch (field) {
    case 'reason':
    case 'error':
      return header(field).includes(text)
    case 'stage':
      // Of a stage with several threads each has a number.
      return header(field) === text || header(field).replace(/-\d+$/, '') === text
    case 'id':
      return id === text
    case 'key':
      return keys.includes(text)
    default:
      return tags.includes(text)
  }
}
