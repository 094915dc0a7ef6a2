// A message as a pino line.

import { pino } from 'pino'
import type { Headers, HeaderValue } from '../../kernel/codec.js'
import type { Message } from '../../kernel/message.js'

/** Makes what makes the line of a message, without its end. */
export function createJsonLine(): (message: Message) => Uint8Array {
  let line = ''
  const logger = pino({ base: undefined, level: 'info' }, { write: (text: string) => (line = text) })
  return (message) => {
    logger.info(fieldsOf(message))
    // pino ends its lines itself; the writer does that for all.
    return Buffer.from(line.slice(0, -1))
  }
}

function fieldsOf(message: Message): Record<string, unknown> {
  const { keys, tags, headers, eventTime, reason } = message
  const fields: Record<string, unknown> = { id: message.id, keys }
  if (Object.keys(headers).length > 0) fields.headers = textsOf(headers)
  if (tags.length > 0) fields.tags = tags
  if (eventTime !== undefined) fields.eventTime = eventTime
  if (reason !== undefined) fields.reason = reason
  fields.value = message.tombstone ? null : message.text()
  return fields
}

function textsOf(headers: Headers): Record<string, string> {
  const texts: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(headers)) texts[name] = textOf(value)
  return texts
}

function textOf(value: HeaderValue): string {
  return typeof value === 'string' ? value : Buffer.from(value).toString('utf8')
}
