// GET /: the live page. All of it is in one answer, and the policy that comes with it allows nothing else.

import { createHash } from 'node:crypto'
import { type Exchange, send } from '../exchange.js'
import { PAGE_HTML } from './page-html.js'
import { PAGE_SCRIPT } from './page-script.js'
import { PAGE_STYLE } from './page-style.js'

const PAGE = PAGE_HTML.replace('{{style}}', () => PAGE_STYLE).replace('{{script}}', () => PAGE_SCRIPT)
const POLICY = [
  "default-src 'none'",
  `style-src '${hashOf(PAGE_STYLE)}'`,
  `script-src '${hashOf(PAGE_SCRIPT)}'`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export function answerPage(exchange: Exchange): void {
  send(exchange, 200, 'text/html; charset=utf-8', PAGE, { 'Content-Security-Policy': POLICY })
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
