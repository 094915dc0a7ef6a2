// A tapped message as a line that people read. What it carries must not steer the terminal.

import type { TappedMessage } from '../admin/tap-message.js'
import { countText, type painter } from './format.js'
import { printable } from './tap-printable.js'

/** `#17 id=17 keys=a attempt=2 x-header=b 128 B {"value":…}`. */
export function tapText(message: TappedMessage, paint: ReturnType<typeof painter>): string {
  const { kind, sequence, attempt = 1 } = message
  const head = sequence === undefined ? kind : `#${sequence}${kind === 'message' ? '' : ` ${kind}`}`
  const parts = [
    pair('id', message.id),
    pair('keys', message.keys?.join(',')),
    pair('tags', message.tags?.join(',')),
    pair('time', message.eventTime),
    pair('attempt', attempt > 1 ? attempt : undefined),
    pair('delivery', message.delivery),
    pair('outcome', message.outcome),
    pair('count', message.count),
    pair('reason', message.reason),
    ...Object.entries(message.headers ?? {}).map(([name, value]) =>
      pair(name, typeof value === 'string' ? value : `base64:${value.base64}`),
    ),
  ].filter((part) => part !== undefined)
  const size = `${countText(message.valueBytes)} B`
  const value = valueText(message)
  const beside = [paint('bold', head), paint('dim', [...parts, size].join(' '))].join(' ')
  return value === '' ? beside : `${beside} ${value}`
}

function valueText({ value, base64, hidden, isCut }: TappedMessage): string {
  const end = isCut ? '…' : ''
  if (hidden !== undefined) return `(hidden: ${hidden})`
  if (value === null) return '(tombstone)'
  if (base64 !== undefined) return `base64:${base64}${end}`
  return value === undefined ? end : `${printable(value)}${end}`
}

function pair(name: string, value: string | number | undefined): string | undefined {
  if (value === undefined) return undefined
  const text = String(value)
  const isPlain = /^[^\s"=]+$/.test(text)
  return `${printable(name)}=${printable(isPlain ? text : JSON.stringify(text))}`
}
